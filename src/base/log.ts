/** What a log line says beside its message, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of a controller writes its log lines. */
export interface Log {
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
}
