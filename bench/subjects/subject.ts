import type { Dialect } from '../loader/loader.ts';

/** Something under measurement, while it runs. */
export interface Subject {
  readonly name: string;
  readonly dialect: Dialect;
  /** Where clients connect; they are spread over all of them. */
  readonly ports: readonly number[];
  readonly processes: readonly SubjectProcess[];
  stop(): Promise<void>;
}

/** `front` speaks to the clients; `store` stands behind it, or beside it as a replica. */
export interface SubjectProcess {
  readonly role: 'front' | 'store';
  readonly name: string;
  readonly pid: number;
}

/** How to start one. */
export interface SubjectKind {
  readonly name: string;
  /** One line for the legend. */
  readonly what: string;
  readonly dialect: Dialect;
  /** Why it cannot be measured here, in words; null: it can. */
  obstacle(): string | null;
  /** @param directory an empty one of its own */
  start(directory: string): Promise<Subject>;
}
