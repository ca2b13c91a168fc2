import type { Dialect } from '../loader/loader.ts';

/** A subject of measurements, while it runs. */
export interface Subject {
  readonly name: string;
  readonly dialect: Dialect;
  /** The ports for clients; connections are spread over all of them. */
  readonly ports: readonly number[];
  readonly processes: readonly SubjectProcess[];
  stop(): Promise<void>;
}

/** `front` serves clients; `store` stands behind it, or beside it as a replica. */
export interface SubjectProcess {
  readonly role: 'front' | 'store';
  readonly name: string;
  readonly pid: number;
}

/** How to start a subject. */
export interface SubjectKind {
  readonly name: string;
  /** One line for the legend. */
  readonly what: string;
  readonly dialect: Dialect;
  /** Why it cannot be measured here, human-readable; null when it can. */
  obstacle(): string | null;
  /** @param directory an empty directory of its own */
  start(directory: string): Promise<Subject>;
}
