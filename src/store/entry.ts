import type { WallMs } from '../base/number-kinds.ts';
import type { JoinSide } from '../ordering/effect.ts';
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

/**
 * Bytes that are added at one end of an entry's value. The entry keeps its flags and its expiry; its token is the new
 * version's own, and it has no marks.
 */
export interface EntryPart {
  /** The version of the entry that the bytes are added to. */
  readonly base: Version;
  /** The version of the entry with them. */
  readonly version: Version;
  readonly side: JoinSide;
  readonly bytes: Buffer;
}
