import type { DrillOperation, DrillRecord, FinalState, LossyKill } from './drill-record.ts';

/**
 * What a controller has answered so long before it is killed may be nowhere else, in milliseconds: neither at a peer,
 * which gets it within a moment, nor on disk.
 */
const WITHIN_MS = 2_000;

/**
 * The record without what a kill may cost, where the last writes that the killed controllers have answered may be
 * nowhere else. Those writes count as if they had not been answered. A read that has shown one of them before the kill
 * counts for nothing, since the write may be gone afterwards. No session relies on what it saw before the kill.
 */
export function withLosses(record: DrillRecord): DrillRecord {
  const { operations } = record;
  const kills = record.lossyKills.toSorted((a, b) => a.atMs - b.atMs);
  if (kills.length === 0) return record;
  const lossy = new Map<string, number>();
  for (const operation of operations) {
    const killedAt = killBehind(operation, kills);
    if (killedAt !== null) lossy.set(nameOf(operation), killedAt);
  }
  const kept = operations.filter((operation) => {
    const killedAt = operation.kind === 'get' ? lossy.get(nameOf(operation)) : undefined;
    return killedAt === undefined || operation.sentMs > killedAt;
  });
  return { ...record, operations: kept.map((operation) => withLossesOf(operation, kills, lossy)) };
}

function withLossesOf(
  operation: DrillOperation,
  kills: readonly LossyKill[],
  lossy: ReadonlyMap<string, number>,
): DrillOperation {
  const before = kills.filter(({ atMs }) => atMs <= operation.sentMs).length;
  const session = operation.session * (kills.length + 1) + before;
  if (operation.kind === 'set' && lossy.has(nameOf(operation)))
    return { ...operation, session, outcome: 'unknown' };
  return { ...operation, session };
}

/** The kill that may have cost an answered write, in milliseconds; null when none may. */
function killBehind(operation: DrillOperation, kills: readonly LossyKill[]): number | null {
  const { kind, outcome, controller, sentMs, endedMs } = operation;
  if (kind !== 'set' || outcome !== 'answered') return null;
  const kill = kills.find(
    (one) => one.controller === controller && sentMs <= one.atMs && endedMs > one.atMs - WITHIN_MS,
  );
  return kill?.atMs ?? null;
}

/** The answered writes that a kill has cost for certain: at the end, all controllers show something older. */
export function goneWrites({ operations, finals, lossyKills }: DrillRecord): DrillOperation[] {
  if (finals === null) return [];
  return operations.filter((operation) => {
    if (killBehind(operation, lossyKills) === null) return false;
    return finals.every((state) => isOlder(state, operation));
  });
}

function isOlder(state: FinalState, { key, version }: DrillOperation): boolean {
  const shown = state.get(key);
  return shown !== undefined && version !== null && (shown.version ?? 0n) < version;
}

/** Every value is written once. */
function nameOf({ key, value }: DrillOperation): string {
  return `${key}=${value}`;
}
