import { describe, expect, it } from 'vitest';
import { cachedumpWords, crawlWords, type DumpWords } from '../../../src/controller/streams/dump-words.ts';
import { Dumps } from '../../../src/controller/streams/dumps.ts';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { versionTimeOfMs } from '../../../src/ordering/version.ts';
import { deleteOf, setOf } from '../../support/effects.ts';
import { routerTo, StreamDouble } from '../../support/stream-double.ts';

const NOW_MS = 1_800_000_000_000;
const METADUMP = crawlWords('metadump', ['all']);

/** Dumps of one journal, with turns that the test gives. */
class Session {
  readonly journal = new MemoryJournal();
  readonly dumps: Dumps;
  turns = 0;
  #time = versionTimeOfMs(NOW_MS);
  #next: (() => void)[] = [];

  constructor() {
    this.dumps = new Dumps({
      router: routerTo(this.journal),
      timeMs: () => NOW_MS,
      nextTurn: (callback) => this.#next.push(callback),
    });
  }

  set(key: string, bytes: number, expiresAtMs = 0): void {
    const version = { time: ++this.#time, node: 0 };
    this.journal.record(setOf(key, version, { value: Buffer.alloc(bytes), expiresAtMs, token: 7n }));
  }

  delete(key: string): void {
    this.journal.record(deleteOf(key, { time: ++this.#time, node: 0 }));
  }

  begin(words: DumpWords): StreamDouble {
    const client = new StreamDouble();
    this.dumps.begin(words, client.answer, client);
    return client;
  }

  /** One event-loop turn. @returns false if none was asked for */
  turn(): boolean {
    const asked = this.#next;
    this.#next = [];
    for (const callback of asked) callback();
    this.turns++;
    return asked.length > 0;
  }

  run(): void {
    while (this.turn());
  }
}

describe('dumps', () => {
  it('have memcached formats, without what has been deleted or has expired', () => {
    const session = new Session();
    session.set('plain', 3);
    session.set('a b%', 100, NOW_MS + 60_000);
    session.set('gone', 1);
    session.delete('gone');
    session.set('expired', 1, NOW_MS - 1);
    const metadump = session.begin(METADUMP);
    const mgdump = session.begin(crawlWords('mgdump', ['hash']));
    const cachedump = session.begin(cachedumpWords(['cachedump', '1', '0']));
    session.run();
    expect(metadump.sent).toBe(
      'key=plain exp=-1 la=1800000000 cas=7 fetch=no cls=1 size=67\n' +
        'key=a%20b%25 exp=1800000060 la=1800000000 cas=7 fetch=no cls=4 size=163\n',
    );
    expect(metadump.reply).toEqual({ kind: 'line', line: 'END' });
    expect(mgdump.sent).toBe('mg plain\r\nmg YSBiJQ== b\r\n');
    expect(mgdump.reply).toEqual({ kind: 'line', line: 'EN' });
    expect(cachedump.sent).toBe('ITEM plain [3 b; 0 s]\r\n');
    expect(cachedump.reply).toEqual({ kind: 'line', line: 'END' });
  });

  it('of some slab classes contain only their entries, and `cachedump` no more than its limit', () => {
    const session = new Session();
    for (let at = 0; at < 10; at++) session.set(`small ${at}`.replace(' ', '-'), 1);
    session.set('large', 1000);
    const classes = session.begin(crawlWords('mgdump', ['11,12,13']));
    const limited = session.begin(cachedumpWords(['cachedump', '1', '4']));
    session.run();
    expect(classes.lines).toEqual(['mg large']);
    expect(limited.lines).toHaveLength(4);
  });

  it('take a bounded part of each turn, and leave the other turns to other clients', () => {
    const session = new Session();
    for (let at = 0; at < 10_000; at++) session.set(`key${at}`, 1);
    const client = session.begin(METADUMP);
    session.turn();
    expect(client.lines).toHaveLength(256);
    session.turn();
    expect(client.lines).toHaveLength(512);
    while (session.turn()) client.takeAll();
    expect(client.lines).toHaveLength(10_000);
    expect(session.turns).toBeGreaterThanOrEqual(40);
  });

  it('wait for a client that does not take them, and hold no more than a bound for it', () => {
    const session = new Session();
    for (let at = 0; at < 20_000; at++) session.set(`key${at}`, 1);
    const client = session.begin(METADUMP);
    session.run();
    expect(client.untakenBytes).toBeGreaterThan(256 * 1024);
    expect(client.untakenBytes).toBeLessThan(300 * 1024);
    const before = client.lines.length;
    session.dumps.onTick();
    session.run();
    expect(client.lines).toHaveLength(before);
    while (client.reply === null) {
      client.takeAll();
      session.dumps.onTick();
      session.run();
    }
    expect(client.lines).toHaveLength(20_000);
  });

  it('begin when all earlier requests of the client are answered, and end when it leaves', () => {
    const session = new Session();
    session.set('a', 1);
    const later = new StreamDouble();
    later.isNext = false;
    session.dumps.begin(METADUMP, later.answer, later);
    const leaver = session.begin(METADUMP);
    leaver.state = 'gone';
    session.run();
    expect([later.sent, leaver.sent]).toEqual(['', '']);
    expect(leaver.reply).toEqual({ kind: 'line', line: '' });
    later.isNext = true;
    session.dumps.onTick();
    session.run();
    expect(later.lines).toHaveLength(1);
  });

  it('are limited in number: one more is refused in the words of memcached', () => {
    const session = new Session();
    for (let at = 0; at < 4; at++) session.begin(METADUMP);
    expect(session.begin(METADUMP).reply).toEqual({
      kind: 'line',
      line: 'BUSY currently processing crawler request',
    });
    session.run();
    expect(session.begin(METADUMP).reply).toBe(null);
  });

  it('name each key once while keys are written meanwhile', () => {
    const session = new Session();
    for (let at = 0; at < 2000; at++) session.set(`key${at}`, 1);
    const client = session.begin(crawlWords('mgdump', ['all']));
    for (let round = 0; session.turn(); round++) {
      session.delete(`key${round}`);
      session.set(`key${1000 + round}`, 2);
      session.set(`new${round}`, 1);
    }
    expect(new Set(client.lines).size).toBe(client.lines.length);
    expect(client.lines.length).toBeGreaterThan(1900);
  });
});
