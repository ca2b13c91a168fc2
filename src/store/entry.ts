import type { Version } from '../ordering/version.ts';

/** A value as stored. */
export interface Entry {
  readonly version: Version;
  /** The client's, opaque, 32 bits unsigned. */
  readonly flags: number;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: number;
  readonly value: Buffer;
}
