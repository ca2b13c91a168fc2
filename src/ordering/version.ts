import type { ControllerId, VersionTime, WallMs } from '../base/number-kinds.ts';

/**
 * (time, node): the name, the place in the total order and the CAS token of a write.
 *
 * `time` is a hybrid logical clock reading: milliseconds since the epoch below, times 4096, plus a counter.
 * It is a safe integer (53 bits), which lasts until 2093. `node` is the stamping controller, 8 bits.
 * The pair packs into 61 bits, so a token is positive in every client's 64-bit integer.
 */
export interface Version {
  readonly time: VersionTime;
  readonly node: ControllerId;
}

/** Most controllers that a cluster can name. */
export const NODES_MAX = 256;

/** 2024-01-01T00:00:00Z, where version time starts, in milliseconds since 1970. */
export const VERSION_EPOCH_MS: WallMs = 1_704_067_200_000;

/** Versions that one controller can give within one millisecond before it borrows from the next. */
export const TICKS_PER_MS = 4096;

/** Where version time ends, in 2093, in milliseconds since 1970. */
export const VERSION_END_MS: WallMs = VERSION_EPOCH_MS + Math.floor(Number.MAX_SAFE_INTEGER / TICKS_PER_MS);

/** Smaller than every version; as a condition, "there is no entry". */
export const NO_VERSION: Version = Object.freeze({ time: 0, node: 0 });

export function compareVersions(a: Version, b: Version): number {
  return a.time - b.time || a.node - b.node;
}

export function sameVersion(a: Version, b: Version): boolean {
  return a.time === b.time && a.node === b.node;
}

export function casOfVersion(version: Version): bigint {
  return BigInt(version.time) * BigInt(NODES_MAX) + BigInt(version.node);
}

/** The largest version time that a clock at this wall time would give. */
export function versionTimeOfMs(ms: WallMs): VersionTime {
  return Math.max(0, Math.floor(ms) - VERSION_EPOCH_MS) * TICKS_PER_MS;
}

/** The wall time in milliseconds since 1970 that a version time stands for. */
export function msOfVersionTime(time: VersionTime): WallMs {
  return Math.floor(time / TICKS_PER_MS) + VERSION_EPOCH_MS;
}
