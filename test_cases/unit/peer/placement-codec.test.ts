import { expect, it } from 'vitest';
import { ByteReader, ByteWriter, inOnePiece } from '../../../src/base/byte-writer.ts';
import { readPlacement, writePlacement } from '../../../src/peer/codecs/placement.ts';
import type { Move, Placement } from '../../../src/placement/agreed-placement.ts';
import { withChange } from '../../../src/placement/agreed-placement.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';

const DEFAULT: KeyspaceSettings = { name: 'default', prefix: '', level: 'eventual' };
const AFTER: KeyspaceSettings = { ...DEFAULT, level: 'sequential' };
const move = (phase: Move['phase']): Move => ({ before: DEFAULT, after: null, phase });
const PLACED: Placement = { epoch: 1, keyspaces: [DEFAULT], move: null };

/** The byte that tells the phase, where the keyspaces take this many bytes before it. */
const STATE_AT = 8 + 4 + (4 + 'default'.length) + 4 + 1;

it.each<[Placement, number]>([
  [PLACED, 255],
  [{ ...PLACED, broadcastApart: true }, 254],
  [{ ...PLACED, move: move('preparing') }, 0],
  [{ ...PLACED, move: move('settling') }, 2],
  [{ ...PLACED, move: move('preparing'), broadcastApart: true }, 16],
  [{ ...PLACED, move: { ...move('barrier'), expiredBeforeMs: 1_767_225_600_000 } }, 1],
  [{ ...PLACED, move: { ...move('barrier'), expiredBeforeMs: 0 }, broadcastApart: true }, 17],
  [{ ...PLACED, move: { ...move('preparing'), paused: true } }, 3],
  [{ ...PLACED, move: move('settling'), broadcastApart: true }, 18],
])('a placement says in one byte its phase, and whether broadcast is apart (%#)', (placement, state) => {
  const writer = new ByteWriter();
  writePlacement(writer, placement);
  const bytes = inOnePiece(writer.finish());
  expect(bytes[STATE_AT]).toBe(state);
  expect(readPlacement(new ByteReader(bytes))).toEqual(placement);
});

it('broadcast is apart from the first change on that is made while no keyspace has it, and stays so', () => {
  const change = { before: DEFAULT, after: AFTER };
  const first = withChange(null, { keyspaces: [DEFAULT], shards: [] }, change);
  expect(first.broadcastApart).toBe(true);
  expect(
    withChange(first, { keyspaces: [AFTER], shards: [] }, { before: AFTER, after: DEFAULT }).broadcastApart,
  ).toBe(true);
  expect(
    withChange(null, { keyspaces: [AFTER], shards: [] }, { before: AFTER, after: DEFAULT }).broadcastApart,
  ).toBeUndefined();
  const inRoot = { epoch: 1, keyspaces: [AFTER], move: null };
  expect(
    withChange(inRoot, { keyspaces: [DEFAULT], shards: [] }, { before: AFTER, after: DEFAULT })
      .broadcastApart,
  ).toBeUndefined();
});
