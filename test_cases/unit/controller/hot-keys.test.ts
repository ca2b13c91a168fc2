import { describe, expect, it } from 'vitest';
import { HotKeys } from '../../../src/controller/keys/hot-keys.ts';
import { storageRequest } from '../../../src/protocol/make-request.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { Random } from '../../sim/random.ts';

const get = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });
const set = (key: string): Request => storageRequest('set', key, 0, 0, Buffer.alloc(1));

/** Hot keys on a clock that the test turns: a tick at the end of every second. */
class Session {
  readonly #random = new Random(1);
  readonly random = (): number => this.#random.next();
  readonly hotKeys: HotKeys;
  #nowMs = 0;

  constructor() {
    this.hotKeys = new HotKeys({ nowMs: () => this.#nowMs, wallMs: () => this.#nowMs }, this.random);
  }

  second(requests: number, request: (at: number) => Request): void {
    for (let at = 0; at < requests; at++) this.hotKeys.count(request(at));
    this.#nowMs += 1000;
    this.hotKeys.onTick();
  }
}

describe('hot keys', () => {
  it('are exact while there are few requests', () => {
    const session = new Session();
    session.second(10, (at) => (at < 7 ? get('a') : set('b')));
    const { keys, operationsPerSecond, sampledOneIn } = session.hotKeys.report(10);
    expect(sampledOneIn).toBe(1);
    expect(operationsPerSecond).toBeCloseTo(10, 5);
    expect(keys.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(keys[0]!.share).toBeCloseTo(0.7, 5);
    expect(keys[0]).toMatchObject({ writesPerSecond: 0 });
    expect(keys[1]).toMatchObject({ readsPerSecond: 0 });
  });

  it('are found in a sample of many requests, with rates close to the truth', () => {
    const session = new Session();
    for (let second = 0; second < 10; second++)
      session.second(20_000, () => {
        const part = session.random();
        if (part < 0.1) return get('hottest');
        if (part < 0.15) return set('written');
        return get(`cold ${Math.floor(session.random() * 100_000)}`);
      });
    const { keys, operationsPerSecond, sampledOneIn } = session.hotKeys.report(2);
    expect(sampledOneIn).toBeGreaterThan(20);
    expect(operationsPerSecond / 20_000).toBeCloseTo(1, 1);
    expect(keys.map(({ key }) => key)).toEqual(['hottest', 'written']);
    expect(keys[0]!.readsPerSecond / 2000).toBeCloseTo(1, 0);
    expect(keys[1]!.writesPerSecond / 1000).toBeCloseTo(1, 0);
  });

  it('look at a bounded number of requests in a second, however many there are', () => {
    const session = new Session();
    let looked = 0;
    const watched: Request = {
      kind: 'get',
      withCas: false,
      get keys() {
        looked++;
        return ['a'];
      },
    };
    session.second(1_000_000, () => watched);
    expect(looked).toBeLessThan(20_000);
    const before = looked;
    session.second(1_000_000, () => watched);
    expect(looked - before).toBeLessThan(3000);
  });

  it('count every key of a request, and stand for all keys of a request with very many', () => {
    const session = new Session();
    session.second(1, () => get('a', 'b', 'c'));
    expect(session.hotKeys.report(10).keys).toHaveLength(3);
    session.second(1, () => get(...Array.from({ length: 3000 }, (_, at) => `key ${at}`)));
    const { keys, operationsPerSecond, windowSeconds } = session.hotKeys.report(100);
    expect(keys.length).toBeLessThanOrEqual(19);
    expect(operationsPerSecond * windowSeconds).toBeGreaterThan(2900);
  });

  it('are forgotten when nobody asks for them any more', () => {
    const session = new Session();
    session.second(500, () => get('old'));
    for (let second = 0; second < 120; second++) session.second(10, () => get('new'));
    expect(session.hotKeys.report(1).keys[0]!.key).toBe('new');
    for (let second = 0; second < 900; second++) session.second(0, () => get('new'));
    expect(session.hotKeys.report(10).keys).toEqual([]);
  });

  it('notice quickly that the load has become light', () => {
    const session = new Session();
    session.second(1_000_000, () => get('a'));
    session.second(1, () => get('a'));
    session.second(1, () => get('a'));
    expect(session.hotKeys.report(1).sampledOneIn).toBe(1);
  });

  it('ignore requests without keys', () => {
    const session = new Session();
    session.second(10, () => ({ kind: 'version' }));
    expect(session.hotKeys.report(10)).toMatchObject({ keys: [], operationsPerSecond: 0 });
  });
});
