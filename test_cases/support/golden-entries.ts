import type { LogEntry } from '../../src/journal/log-entry.ts';
import { EFFECTS } from './golden-effects.ts';

/** The log entries whose bytes are recorded in `test_cases/golden`. */

const LARGEST = Number.MAX_SAFE_INTEGER;
const version = { time: 362_387_865_600_001, node: 2 };

/** Its type makes this table complete: a new type of entry has to be added here. */
export const GOLDEN_ENTRIES: {
  readonly [T in LogEntry['type']]: Readonly<Record<string, LogEntry & { readonly type: T }>>;
} = {
  write: {
    set: { type: 'write', effect: EFFECTS.set },
    conditionalSet: { type: 'write', effect: EFFECTS.conditionalSet },
    setWithoutValue: { type: 'write', effect: EFFECTS.setWithoutValue },
    append: { type: 'write', effect: EFFECTS.append },
    prepend: { type: 'write', effect: EFFECTS.prepend },
    delete: { type: 'write', effect: EFFECTS.delete },
    deleteOfNothing: { type: 'write', effect: EFFECTS.deleteOfNothing },
    flush: { type: 'write', effect: EFFECTS.flush },
    flushLater: { type: 'write', effect: EFFECTS.flushLater },
    flushDue: { type: 'write', effect: EFFECTS.flushDue },
  },
  stage: { typical: { type: 'stage', effect: EFFECTS.conditionalSet } },
  value: { typical: { type: 'value', effect: EFFECTS.set } },
  apply: {
    typical: { type: 'apply', version },
    extreme: { type: 'apply', version: { time: LARGEST, node: 255 } },
  },
  discard: { typical: { type: 'discard', version } },
  revert: {
    toNothing: { type: 'revert', failed: version, key: 'user:1', to: null },
    toRecord: {
      type: 'revert',
      failed: { time: LARGEST, node: 255 },
      key: '\xff',
      to: { file: 2 ** 32 - 1, at: LARGEST, effect: EFFECTS.conditionalSet },
    },
  },
  forget: { typical: { type: 'forget', version, key: 'user:1' } },
  watermarks: {
    typical: { type: 'watermarks', applied: version, newestTime: version.time, known: [version.time, 0, 1] },
    extreme: { type: 'watermarks', applied: { time: 0, node: 0 }, newestTime: LARGEST, known: [] },
  },
  forgotten: {
    typical: { type: 'forgotten', times: [0, version.time, LARGEST] },
    none: { type: 'forgotten', times: [] },
  },
  attached: {
    typical: {
      type: 'attached',
      key: 'user:1',
      version,
      needs: [
        { origin: 1, from: 0, to: version.time - 1 },
        { origin: 255, from: version.time, to: LARGEST },
      ],
    },
    toFlush: { type: 'attached', key: '', version, needs: [] },
  },
  incomplete: {
    typical: { type: 'incomplete', needs: [{ origin: 1, from: 7, to: version.time }] },
    extreme: { type: 'incomplete', needs: [] },
  },
  end: {
    typical: { type: 'end', entries: 3, nextBatch: 4 },
    extreme: { type: 'end', entries: LARGEST, nextBatch: 0 },
  },
};
