/** What takes bytes: of a socket, what is needed here. */
export interface ByteSink {
  write(bytes: Buffer): unknown;
  /** Holds back what is written until `uncork`, and then writes it in one piece. */
  cork(): void;
  uncork(): void;
}

/** Has parts leave together; one alone, as nearly always, by the shorter way. */
export function writeParts(sink: ByteSink, parts: readonly Buffer[]): void {
  if (parts.length === 1) {
    sink.write(parts[0]!);
    return;
  }
  sink.cork();
  for (const part of parts) sink.write(part);
  sink.uncork();
}
