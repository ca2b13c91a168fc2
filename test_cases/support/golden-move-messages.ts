import type { GoesBy, InstalledTold } from '../../src/membership/messages.ts';
import type { Placement } from '../../src/placement/agreed-placement.ts';
import type { Moving } from '../../src/placement/moving.ts';
import type { RangeAsk, RangePart } from '../../src/replication/range-messages.ts';
import { EFFECTS } from './golden-effects.ts';

/** The messages by which keys get another group, for `GOLDEN_MESSAGES`. */

const LARGEST = Number.MAX_SAFE_INTEGER;

/** A placement with a move behind its barrier. */
const PLACEMENT: Placement = {
  epoch: 7,
  keyspaces: [{ name: 'default', prefix: '', level: 'sequential' }],
  move: {
    before: { name: 'default', prefix: '', level: 'sequential' },
    after: { name: 'default', prefix: '', level: 'sequential' },
    phase: 'barrier',
    expiredBeforeMs: 1_760_000_000_000,
    reshard: {
      from: { keyspace: 'default', shards: 1, groups: [[16, 0, 8]] },
      to: { keyspace: 'default', shards: 1, groups: [[17, 8, 300]], places: ['0-at-5'] },
    },
  },
  shards: [{ keyspace: 'default', shards: 1, groups: [[16, 0, 8]] }],
};

interface MoveMessages {
  readonly installed: Readonly<Record<string, InstalledTold>>;
  readonly 'goes-by': Readonly<Record<string, GoesBy>>;
  readonly moving: Readonly<Record<string, Moving>>;
  readonly 'range-ask': Readonly<Record<string, RangeAsk>>;
  readonly 'range-part': Readonly<Record<string, RangePart>>;
}

export const MOVE_MESSAGES: MoveMessages = {
  installed: {
    typical: { type: 'installed', placement: PLACEMENT, configuration: null },
    'as configured': { type: 'installed', placement: null, configuration: null },
    both: {
      type: 'installed',
      placement: PLACEMENT,
      configuration: {
        epoch: 3,
        controllers: [
          { id: 0, host: '127.0.0.1', port: 8_000 },
          { id: 300, host: 'x', port: 1, phase: 'following', zone: 'b' },
        ],
        nextId: 301,
      },
    },
  },
  'goes-by': {
    typical: {
      type: 'goes-by',
      placement: { epoch: 7, digest: 0x0102_0304_0506 },
      configuration: { epoch: 0, digest: 0 },
      hears: [0, 6],
    },
    extreme: {
      type: 'goes-by',
      placement: { epoch: LARGEST, digest: LARGEST },
      configuration: { epoch: LARGEST, digest: LARGEST },
      hears: [300],
    },
  },
  moving: {
    typical: { type: 'moving', epoch: 3, step: 'handed-over', done: 100_000, total: 100_000, trouble: '' },
    extreme: {
      type: 'moving',
      epoch: LARGEST,
      step: 'cleared',
      done: LARGEST,
      total: LARGEST,
      trouble: '\xff'.repeat(240),
    },
  },
  'range-ask': {
    typical: { type: 'range-ask', from: 16, to: 21, copy: 3, barrier: 0 },
    extreme: { type: 'range-ask', from: 255, to: 16, copy: LARGEST, barrier: LARGEST },
  },
  'range-part': {
    typical: {
      type: 'range-part',
      from: 16,
      to: 21,
      copy: 3,
      state: 'little',
      trouble: '',
      effects: [EFFECTS.set, EFFECTS.delete],
      depends: [],
    },
    extreme: {
      type: 'range-part',
      from: 255,
      to: 16,
      copy: LARGEST,
      state: 'anew',
      trouble: '\xff'.repeat(240),
      effects: [],
      depends: [],
    },
  },
};
