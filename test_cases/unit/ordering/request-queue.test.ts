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
  const queue = new RequestQueue();
  effects.forEach((one, index) => {
    queue.push(one, index + 1);
  });
  return queue;
}

describe('the request queue', () => {
  it('ends the process when the versions of an origin go back', () => {
    const queue = queueOf(effect(5));
    expect(() => queue.push(effect(5), 2)).toThrow(InvariantError);
  });

  it('predicts the write whose condition will hold, not one whose condition is already broken', () => {
    const queue = queueOf(effect(1), effect(2, { condition: at(1) }), effect(3, { condition: at(1) }));
    const prediction = queue.predict('k', NO_VERSION)!;
    expect(prediction.effect.version).toEqual(at(2));
    expect(versionAfter(prediction)).toEqual(at(2));
  });

  it('predicts no entry after a delete, and after a flush of all keys', () => {
    const queue = queueOf(effect(1), deleteOf('k', at(2)));
    expect(versionAfter(queue.predict('k', NO_VERSION)!)).toEqual(NO_VERSION);
    queue.push({ kind: 'flush', version: at(3) }, 3);
    expect(versionAfter(queue.predict('other', at(1))!)).toEqual(NO_VERSION);
    expect(queue.newestOn('other')?.seq).toBe(3);
  });

  it('predicts nothing from an announced flush', () => {
    const queue = queueOf({ kind: 'flush-later', version: at(1), atMs: VERSION_EPOCH_MS });
    expect(queue.predict('k', NO_VERSION)).toBeNull();
    expect(queue.newestOn('k')).toBeUndefined();
    expect(queue.pop()?.seq).toBe(1);
  });

  it('regression: a write came back without its value, which a queued request still had', () => {
    const queue = queueOf(effect(5), effect(9, { key: 'other' }));
    const valued = (lost: Effect) => valueIn(queue.withValue(lost));
    expect(valued(effect(5, { value: null }))).toEqual(Buffer.from('v'));
    expect(valued(effect(6, { value: null }))).toBeNull();
    expect(valued(effect(9, { value: null }))).toBeNull();
    const known = effect(5, { value: Buffer.from('w') });
    expect(queue.withValue(known)).toBe(known);
  });

  it('regression: a condition that a flush had broken was predicted to hold once the flush was applied', () => {
    const queue = queueOf({ kind: 'flush', version: at(2) });
    queue.push(effect(1, { version: at(1, 1) }), 1);
    queue.push(effect(3, { condition: at(1, 1) }), 2);
    expect(queue.pop()?.effect.version).toEqual(at(1, 1));
    expect(queue.pop()?.effect.kind).toBe('flush');
    expect(queue.predict('k', NO_VERSION)).toBeNull();
  });

  it('regression: a flush that was due was predicted to end entries written after its moment', () => {
    const dueTime = 10 * TICKS_PER_MS;
    const flush: Effect = { kind: 'flush-due', version: at(dueTime + 9), atMs: VERSION_EPOCH_MS + 10 };
    const queue = queueOf(effect(dueTime + 5), flush);
    expect(queue.predict('k', NO_VERSION)?.seq).toBe(1);
    expect(queue.predict('other', at(dueTime))).toBeNull();
    expect(queue.predict('other', at(dueTime - 1))?.seq).toBe(2);
  });
});
