import type { WallMs } from '../base/number-kinds.ts';
import type { Version } from '../ordering/version.ts';

/** A value as stored. */
export interface Entry {
  readonly version: Version;
  /** The client's flags, 32 bits unsigned. */
  readonly flags: number;
  /** Milliseconds since 1970, 0 for never. */
  readonly expiresAtMs: WallMs;
  /** The CAS token where it is not the version's own; null where it is. */
  readonly token: bigint | null;
  /** Bits of `MARKS`. */
  readonly marks: number;
  readonly value: Buffer;
}
