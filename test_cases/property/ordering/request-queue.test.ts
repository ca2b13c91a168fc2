import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Effect, type EffectKind, effectBytes } from '../../../src/ordering/effect.ts';
import { RequestQueue } from '../../../src/ordering/request-queue.ts';
import { NO_VERSION, TICKS_PER_MS, VERSION_EPOCH_MS, type Version } from '../../../src/ordering/version.ts';
import { EFFECT_KINDS, effectOfKind } from '../../support/effect-arbitraries.ts';
import { keyOf } from '../../support/effects.ts';
import { heldAfter, TwinRequestQueue } from '../../support/twin-request-queue.ts';

/** Origins whose ids do not follow each other. */
const ORIGINS = [0, 5, 255] as const;
const KEYS = ['a', 'b'] as const;

/** The condition of a request. A number names a queued request, of any key. */
const CONDITIONS = ['none', 'absent', 'applied', 'predicted', 'newest of the key'] as const;
type Condition = (typeof CONDITIONS)[number] | number;

type Step =
  | { readonly do: 'pop' }
  | { readonly do: 'clear' }
  | {
      readonly do: 'push';
      readonly node: number;
      /** How far the clock of this origin advances, in ticks. */
      readonly ticks: number;
      readonly kind: EffectKind;
      readonly key: string;
      readonly condition: Condition;
      /** For `flush-due`, its time in milliseconds after the beginning. */
      readonly dueMs: number;
    };

const pushes = fc.record({
  do: fc.constant('push' as const),
  node: fc.constantFrom(...ORIGINS),
  ticks: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 * TICKS_PER_MS })),
  kind: fc.oneof({ weight: 2, arbitrary: fc.constant('set' as const) }, fc.constantFrom(...EFFECT_KINDS)),
  key: fc.constantFrom(...KEYS),
  condition: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...CONDITIONS) }, fc.nat({ max: 20 })),
  dueMs: fc.nat({ max: 20 }),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 60, arbitrary: pushes },
    { weight: 45, arbitrary: fc.constant({ do: 'pop' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
  ),
  { maxLength: 80, size: 'max' },
);

/** A queue and its twin with the same requests, and the state to which the popped requests were applied. */
class Pair {
  readonly queue = new RequestQueue();
  readonly twin = new TwinRequestQueue();
  readonly held = new Map<string, Version>(KEYS.map((key) => [key, NO_VERSION]));
  readonly #clocks = new Map<number, number>(ORIGINS.map((origin) => [origin, 0]));
  readonly #seqs = new Map<number, number>(ORIGINS.map((origin) => [origin, 0]));

  step(step: Step): void {
    if (step.do === 'push') this.#push(this.#effectOf(step));
    else if (step.do === 'pop') this.#pop();
    else {
      this.queue.clear();
      while (this.twin.pop() !== undefined);
    }
  }

  expectEqual(): void {
    const { queue, twin, held } = this;
    expect(queue.size).toBe(twin.effects.length);
    expect(queue.bytes).toBe(twin.effects.reduce((sum, effect) => sum + effectBytes(effect), 0));
    expect(queue.head()?.effect).toBe(twin.effects[0]);
    expect(queue.newest()?.effect).toBe(twin.effects.at(-1));
    expect(queue.toArray().map((request) => request.effect)).toEqual(twin.effects);
    for (const key of KEYS) {
      expect(queue.newestOn(key)?.effect).toBe(twin.newestOn(key));
      expect(queue.predict(key, held.get(key)!)?.effect ?? null).toBe(twin.predict(key, held.get(key)!));
    }
    for (const node of ORIGINS) {
      const after = this.#seqs.get(node)! - 2;
      const expected = twin.effects.filter((effect) => effect.version.node === node).slice(-2);
      expect(queue.streamAfter(node, after).map((request) => request.effect)).toEqual(expected);
    }
  }

  #push(effect: Effect): void {
    const { node } = effect.version;
    this.#seqs.set(node, this.#seqs.get(node)! + 1);
    this.queue.push(effect, this.#seqs.get(node)!);
    this.twin.push(effect);
  }

  #pop(): void {
    const effect = this.twin.pop();
    expect(this.queue.pop()?.effect).toBe(effect);
    if (effect === undefined) return;
    for (const key of KEYS) this.held.set(key, heldAfter(effect, this.held.get(key)!, key));
  }

  #effectOf({ node, ticks, kind, key, condition, dueMs }: Extract<Step, { do: 'push' }>): Effect {
    this.#clocks.set(node, this.#clocks.get(node)! + ticks);
    return effectOfKind(
      kind,
      { time: this.#clocks.get(node)!, node },
      {
        key,
        condition: this.#base(key, condition),
        value: Buffer.from('value'),
        atMs: VERSION_EPOCH_MS + dueMs,
      },
    );
  }

  #base(key: string, condition: Condition): Version | null {
    if (condition === 'none') return null;
    if (condition === 'absent') return NO_VERSION;
    if (condition === 'applied') return this.held.get(key)!;
    if (condition === 'newest of the key') {
      return this.twin.effects.findLast((effect) => keyOf(effect) === key)?.version ?? null;
    }
    if (typeof condition === 'number') return this.twin.effects[condition]?.version ?? NO_VERSION;
    const predicted = this.twin.predict(key, this.held.get(key)!);
    if (predicted === null) return this.held.get(key)!;
    return predicted.kind === 'set' ? predicted.version : NO_VERSION;
  }
}

describe('the request queue', () => {
  it('answers like a sorted array that is searched for every question', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const pair = new Pair();
        for (const step of list) {
          pair.step(step);
          pair.expectEqual();
        }
      }),
      { numRuns: 200 },
    );
  });

  it('predicts correctly when it is asked only now and then', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { minLength: 80, maxLength: 80 }), (list, asked) => {
        const pair = new Pair();
        list.forEach((step, index) => {
          pair.step(step);
          if (asked[index]) pair.expectEqual();
        });
        pair.expectEqual();
      }),
      { numRuns: 200 },
    );
  });
});
