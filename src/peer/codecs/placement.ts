import type { ByteReader, ByteWriter } from '../../base/byte-writer.ts';
import { numbering } from '../../base/numbering.ts';
import type { Move, MovePhase, Placement } from '../../placement/agreed-placement.ts';
import type { PlacedLevel } from '../../placement/placed-level.ts';
import type { KeyspaceSettings } from '../../placement/placement.ts';
import {
  readPlaces,
  readReshard,
  readShards,
  writePlaces,
  writeReshard,
  writeShards,
} from './agreed-shards.ts';
import { wordOf } from './fields.ts';

/** Placements in bytes and back. Reading throws a FrameError where the bytes are no placement. */

const LEVEL_NUMBERS = numbering<PlacedLevel>({
  linearizability: 0,
  sequential: 1,
  eventual: 2,
  causal: 3,
  'linearizability/chain': 4,
  'sequential/chain': 5,
});

const PHASE_NUMBERS = numbering<MovePhase | 'paused'>({ preparing: 0, barrier: 1, settling: 2, paused: 3 });

const KEYSPACE_BYTES_MIN = 4 + 4 + 1;

export function writePlacement(w: ByteWriter, placement: Placement): void {
  const { epoch, keyspaces, move, broadcastApart, shards } = placement;
  w.u53(epoch);
  w.u32(keyspaces.length);
  for (const keyspace of keyspaces) writeKeyspace(w, keyspace);
  const reshard = move?.reshard;
  const hasPlaces = shards?.some(({ places }) => places !== undefined) ?? false;
  const added =
    (broadcastApart === true ? BROADCAST_APART : 0) +
    (shards === undefined ? 0 : WITH_SHARDS) +
    (hasPlaces ? WITH_PLACES : 0) +
    (reshard === undefined ? 0 : WITH_RESHARD);
  w.u8(
    move === null
      ? NO_MOVE - added / BROADCAST_APART
      : PHASE_NUMBERS.numberOf[move.paused ? 'paused' : move.phase] + added,
  );
  if (move !== null) writeMove(w, move);
  if (shards !== undefined) writeShards(w, shards);
  if (hasPlaces) writePlaces(w, shards!);
  if (reshard !== undefined) writeReshard(w, reshard);
}

function writeMove(w: ByteWriter, move: Move): void {
  for (const keyspace of [move.before, move.after]) {
    w.u8(keyspace === null ? 0 : 1);
    if (keyspace !== null) writeKeyspace(w, keyspace);
  }
  if (move.phase === 'barrier') w.u53(move.expiredBeforeMs ?? 0);
}

function writeKeyspace(w: ByteWriter, { name, prefix, level }: KeyspaceSettings): void {
  w.text(name);
  w.text(prefix);
  w.u8(LEVEL_NUMBERS.numberOf[level]);
}

export function readPlacement(r: ByteReader): Placement {
  const epoch = r.u53();
  const count = r.count(KEYSPACE_BYTES_MIN);
  const keyspaces = Array.from({ length: count }, () => readKeyspace(r));
  const state = r.u8();
  const isMove = state < NO_MOVE_MIN;
  const added = isMove ? state & ADDED : (NO_MOVE - state) * BROADCAST_APART;
  const has = (what: number) => (added & what) !== 0;
  const move = isMove ? readMove(r, state - added) : null;
  const shards = has(WITH_SHARDS) ? readShards(r) : null;
  const named = shards !== null && has(WITH_PLACES) ? readPlaces(r, shards) : shards;
  return {
    epoch,
    keyspaces,
    move: move !== null && has(WITH_RESHARD) ? { ...move, reshard: readReshard(r) } : move,
    ...(has(BROADCAST_APART) ? { broadcastApart: true } : {}),
    ...(named === null ? {} : { shards: named }),
  };
}

function readMove(r: ByteReader, number: number): Move {
  const phase = wordOf(PHASE_NUMBERS, number);
  const change = { before: readKeyspaceOrNull(r), after: readKeyspaceOrNull(r) };
  if (phase === 'paused') return { ...change, phase: 'preparing', paused: true };
  return phase === 'barrier' ? { ...change, phase, expiredBeforeMs: r.u53() } : { ...change, phase };
}

function readKeyspaceOrNull(r: ByteReader): KeyspaceSettings | null {
  return r.u8() === 0 ? null : readKeyspace(r);
}

function readKeyspace(r: ByteReader): KeyspaceSettings {
  return { name: r.text(), prefix: r.text(), level: wordOf(LEVEL_NUMBERS, r.u8()) };
}

/** What is added to the phase where `broadcastApart` is set, and where shards, their names, and other shards follow. */
const BROADCAST_APART = 16;
const WITH_SHARDS = 32;
const WITH_PLACES = 64;
const WITH_RESHARD = 128;
const ADDED = BROADCAST_APART | WITH_SHARDS | WITH_PLACES | WITH_RESHARD;

/** In the place of the phase: 255, less by a sixteenth of the same. Nothing moves, so no other shards follow. */
const NO_MOVE = 255;
const NO_MOVE_MIN = 248;
