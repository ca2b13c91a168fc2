import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/invariant-error.ts';
import type { Effect, SetEffect } from '../../../src/ordering/effect.ts';
import { RequestQueue, versionAfter } from '../../../src/ordering/request-queue.ts';
import { NO_VERSION, TICKS_PER_MS, VERSION_EPOCH_MS } from '../../../src/ordering/version.ts';
import { deleteOf, setOf, valueIn } from '../../support/effects.ts';

const at = (time: number, node = 0) => ({ time, node });
const effect = (time: number, fields: Partial<SetEffect> = {}): SetEffect =>
  setOf('k', at(time), { value: Buffer.from('v'), ...fields });

function queueOf(...effects: readonly Effect[]): RequestQueue {
  const queue = new RequestQueue(2);
  effects.forEach((one, index) => {
    queue.push(one, index + 1);
  });
  return queue;
}

describe('the request queue', () => {
  it('stops at an origin that goes back', () => {
    const queue = queueOf(effect(5));
    expect(() => queue.push(effect(5), 2)).toThrow(InvariantError);
  });

  it('builds a chain on the link that will hold, not on one that is already broken', () => {
    const queue = queueOf(effect(1), effect(2, { condition: at(1) }), effect(3, { condition: at(1) }));
    const prediction = queue.predict('k', NO_VERSION)!;
    expect(prediction.effect.version).toEqual(at(2));
    expect(versionAfter(prediction)).toEqual(at(2));
  });

  it('holds nothing after a delete, and after a flush, for every key', () => {
    const queue = queueOf(effect(1), deleteOf('k', at(2)));
    expect(versionAfter(queue.predict('k', NO_VERSION)!)).toEqual(NO_VERSION);
    queue.push({ kind: 'flush', version: at(3) }, 3);
    expect(versionAfter(queue.predict('other', at(1))!)).toEqual(NO_VERSION);
    expect(queue.newestOn('other')?.seq).toBe(3);
  });

  it('is not touched by a flush that is announced for later', () => {
    const queue = queueOf({ kind: 'flush-later', version: at(1), atMs: VERSION_EPOCH_MS });
    expect(queue.predict('k', NO_VERSION)).toBeNull();
    expect(queue.newestOn('k')).toBeUndefined();
    expect(queue.pop()?.seq).toBe(1);
  });

  it('regression: a write came back without the value that a request which still waited here had', () => {
    const queue = queueOf(effect(5), effect(9, { key: 'other' }));
    const valued = (lost: Effect) => valueIn(queue.withValue(lost));
    expect(valued(effect(5, { value: null }))).toEqual(Buffer.from('v'));
    expect(valued(effect(6, { value: null }))).toBeNull();
    expect(valued(effect(9, { value: null }))).toBeNull();
    const known = effect(5, { value: Buffer.from('w') });
    expect(queue.withValue(known)).toBe(known);
  });

  it('regression: a condition broken by a flush was foreseen to hold once the flush had been applied', () => {
    const queue = queueOf({ kind: 'flush', version: at(2) });
    queue.push(effect(1, { version: at(1, 1) }), 1);
    queue.push(effect(3, { condition: at(1, 1) }), 2);
    expect(queue.pop()?.effect.version).toEqual(at(1, 1));
    expect(queue.pop()?.effect.kind).toBe('flush');
    expect(queue.predict('k', NO_VERSION)).toBeNull();
  });

  it('regression: a flush come due was foreseen to end entries that were written after its moment', () => {
    const dueTime = 10 * TICKS_PER_MS;
    const flush: Effect = { kind: 'flush-due', version: at(dueTime + 9), atMs: VERSION_EPOCH_MS + 10 };
    const queue = queueOf(effect(dueTime + 5), flush);
    expect(queue.predict('k', NO_VERSION)?.seq).toBe(1);
    expect(queue.predict('other', at(dueTime))).toBeNull();
    expect(queue.predict('other', at(dueTime - 1))?.seq).toBe(2);
  });
});
