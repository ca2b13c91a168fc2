import { describe, expect, it } from 'vitest';
import { LargeKeys, type LargeKeysReport } from '../../../src/controller/keys/large-keys.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { routerTo } from '../../support/stream-double.ts';

const TICK_MS = 20;

/** A journal whose keys two keyspaces share, and a look at it on a clock that the test turns. */
class Session {
  readonly journal = new MemoryJournal();
  readonly largeKeys: LargeKeys;
  #nowMs = 0;
  #time = 0;

  constructor() {
    const clock = { nowMs: () => this.#nowMs, wallMs: () => this.#nowMs };
    this.largeKeys = new LargeKeys(routerTo(this.journal), clock, () => 1000, 1000);
  }

  set(key: string, bytes: number, expiresAtMs = 0): void {
    const version = { time: ++this.#time, node: 0 };
    this.journal.record(setOf(key, version, { value: Buffer.alloc(bytes), expiresAtMs }));
  }

  delete(key: string): void {
    const version = { time: ++this.#time, node: 0 };
    this.journal.record(deleteOf(key, version));
  }

  ticks(count: number): void {
    for (let tick = 0; tick < count; tick++) {
      this.#nowMs += TICK_MS;
      this.largeKeys.onTick();
    }
  }

  /** Asks, and waits for the answer. @returns it, and the ticks that it took */
  ask(): { report: LargeKeysReport; ticks: number } {
    const answers: LargeKeysReport[] = [];
    this.largeKeys.whenLooked((report) => answers.push(report));
    expect(answers).toEqual([]);
    for (let ticks = 1; ; ticks++) {
      this.ticks(1);
      if (answers[0] !== undefined) return { report: answers[0], ticks };
    }
  }
}

describe('large keys', () => {
  it('are those with the largest values, with the sizes of each keyspace', () => {
    const session = new Session();
    session.set('small', 1);
    session.set('page:1', 300);
    session.set('page:2', 500);
    session.set('gone', 900);
    session.delete('gone');
    session.set('expired', 900, 999);
    const { report } = session.ask();
    expect(report.keys).toEqual([
      { key: 'page:2', keyspace: 'pages', valueBytes: 500 },
      { key: 'page:1', keyspace: 'pages', valueBytes: 300 },
      { key: 'small', keyspace: 'default', valueBytes: 1 },
    ]);
    expect(report.keyspaces).toEqual([
      { name: 'default', keys: 1, valueBytes: 1, largestBytes: 1 },
      { name: 'pages', keys: 2, valueBytes: 800, largestBytes: 500 },
    ]);
    expect(report).toMatchObject({ isComplete: true, keysLookedAt: 3, ageSeconds: 0 });
  });

  it('are reported as they are now, without a new look while the last one is fresh', () => {
    const session = new Session();
    session.set('a', 10);
    session.set('b', 20);
    session.ask();
    session.set('a', 5);
    session.delete('b');
    session.set('c', 99);
    session.ticks(250);
    const { report, ticks } = session.ask();
    expect(report.keys).toEqual([{ key: 'a', keyspace: 'default', valueBytes: 5 }]);
    expect(report.ageSeconds).toBe(5);
    expect(ticks).toBe(1);
    session.ticks(3000);
    expect(session.ask().report.keys.map(({ key }) => key)).toEqual(['c', 'a']);
  });

  it('are looked for in bounded steps: who asks gets what was found after half a second, and all of it later', () => {
    const session = new Session();
    for (let at = 0; at < 100_000; at++) session.set(`key ${at}`, at % 100);
    const first = session.ask();
    expect(first.ticks).toBe(25);
    expect(first.report.isComplete).toBe(false);
    expect(first.report.keysLookedAt).toBe(25 * 1024);
    expect(first.report.keysTotal).toBe(100_000);
    let second = session.ask();
    for (let asked = 0; !second.report.isComplete && asked < 10; asked++) second = session.ask();
    expect(second.report).toMatchObject({ isComplete: true, keysLookedAt: 100_000 });
    expect(second.report.keys).toHaveLength(50);
  });

  it('cost nothing while nobody asks', () => {
    const session = new Session();
    let walks = 0;
    const walk = session.journal.walk.bind(session.journal);
    session.journal.walk = () => {
      walks++;
      return walk();
    };
    session.set('a', 1);
    session.ticks(10_000);
    expect(walks).toBe(0);
    session.ask();
    expect(walks).toBe(1);
  });
});
