import type { DrillOperation, DrillRecord, LossyKill } from './drill-record.ts';

/**
 * What a controller has answered so long before it is killed may be nowhere else, in milliseconds: neither at a peer,
 * which gets it within a moment, nor on disk.
 */
const WITHIN_MS = 2_000;

/**
 * The record without what a kill may cost where a controller answers alone, and its disk follows. Writes that the
 * killed controller had answered right before may have been lost with it, and count as if they had not been answered.
 * No session relies on what it saw before the kill, since it may have seen such a write.
 */
export function withLosses(record: DrillRecord): DrillRecord {
  const kills = record.lossyKills.toSorted((a, b) => a.atMs - b.atMs);
  if (kills.length === 0) return record;
  return { ...record, operations: record.operations.map((operation) => withLossesOf(operation, kills)) };
}

function withLossesOf(operation: DrillOperation, kills: readonly LossyKill[]): DrillOperation {
  const before = kills.filter(({ atMs }) => atMs <= operation.sentMs).length;
  const session = operation.session * (kills.length + 1) + before;
  const isLost = kills.some(({ controller, atMs }) => {
    const isBefore = operation.sentMs <= atMs && operation.endedMs > atMs - WITHIN_MS;
    return isBefore && controller === operation.controller;
  });
  if (!isLost || operation.kind !== 'set' || operation.outcome !== 'answered')
    return { ...operation, session };
  return { ...operation, session, outcome: 'unknown' };
}
