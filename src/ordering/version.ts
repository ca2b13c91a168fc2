import type { ControllerId, VersionTime, WallMs } from '../base/number-kinds.ts';

/**
 * (time, node): the name of a write, its place in the total order, and its CAS token.
 *
 * `time` is a reading of a hybrid logical clock: milliseconds since the epoch below, times 4096, plus a counter. It
 * is a safe integer (53 bits), which lasts until 2093. `node` is the id of the controller that stamped the write,
 * in 10 bits. Both together take 63 bits, so a token is positive as a 64-bit integer of any client.
 */
export interface Version {
  readonly time: VersionTime;
  readonly node: ControllerId;
}

/** The beginning of version time: 2024-01-01T00:00:00Z, in milliseconds since 1970. */
export const VERSION_EPOCH_MS: WallMs = 1_704_067_200_000;

/** How many versions one controller can give within a millisecond before its clock runs ahead of the time. */
export const TICKS_PER_MS = 4096;

/** The end of version time, in 2093, in milliseconds since 1970. */
export const VERSION_END_MS: WallMs = VERSION_EPOCH_MS + Math.floor(Number.MAX_SAFE_INTEGER / TICKS_PER_MS);

/** The place of an id's two highest bits in a token. */
const HIGH_ID_AT = 61n;

/** Smaller than every version. As a condition it means that the key has no entry. */
export const NO_VERSION: Version = Object.freeze({ time: 0, node: 0 });

export function compareVersions(a: Version, b: Version): number {
  return a.time - b.time || a.node - b.node;
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.time === b.time && a.node === b.node;
}

/**
 * The time, and behind it the lowest eight bits of the id. The other two, which ids from 256 on have, stand above the
 * time, so that the tokens of smaller ids are those of earlier releases. `placeOfCas` tells which of two is of the
 * later write.
 */
export function casOfVersion({ time, node }: Version): bigint {
  const token = BigInt(time) * 256n + BigInt(node & 0xff);
  return node <= 0xff ? token : token + (BigInt(node >> 8) << HIGH_ID_AT);
}

/** The time of a token, and the whole id behind it: larger for the token of a later write. */
export function placeOfCas(token: bigint): bigint {
  const high = token >> HIGH_ID_AT;
  const timeAndLowId = token - (high << HIGH_ID_AT);
  return ((timeAndLowId >> 8n) << 10n) + (high << 8n) + (timeAndLowId & 0xffn);
}

/** The largest version time that a clock at this wall time would give. */
export function versionTimeOfMs(ms: WallMs): VersionTime {
  return Math.max(0, Math.floor(ms) - VERSION_EPOCH_MS) * TICKS_PER_MS;
}

/** The wall time that a version time stands for. */
export function msOfVersionTime(time: VersionTime): WallMs {
  return Math.floor(time / TICKS_PER_MS) + VERSION_EPOCH_MS;
}
