import { beforeEach, describe, expect, it } from 'vitest';
import { KEYS_AHEAD_MAX, type KeyRead, MultiRead } from '../../../src/consistency/multi-read.ts';
import { Operation, type OperationListener } from '../../../src/consistency/operation.ts';
import { type Hit, type Reply, serverError } from '../../../src/protocol/reply.ts';
import { ReadFlow } from '../../../src/replication/read-flow.ts';
import { newContext } from '../../../src/replication/request-context.ts';
import { NO_STREAM } from '../../support/reading.ts';

const VALUE_BYTES = 1_000;
const BUDGET_BYTES = 4_000;

interface Kind {
  readonly kind?: 'get' | 'gat';
  readonly cutShort?: true;
  /** A key whose read has to wait for a write that is under way. */
  readonly written?: string;
}

/** One multi-key read of values of `VALUE_BYTES`. The budget is four values; the store answers when it is told to. */
class Reading implements OperationListener {
  readonly asked: KeyRead[] = [];
  readonly out: string[][] = [];
  reply: Reply | null = null;
  ordered = 0;
  next = true;
  /** Bytes that were sent to the client, and that the client has not taken. */
  outputBytes = 0;
  reservedBytes = 0;
  readonly context = newContext();
  readonly stream = NO_STREAM;
  mostBytes = 0;
  readonly operation: Operation;
  readonly client = 1;
  readonly flow = new ReadFlow({
    fits: (bytes, awaited) => this.outputBytes + (awaited ? 0 : this.reservedBytes) + bytes <= BUDGET_BYTES,
    reserve: (bytes) => {
      this.reservedBytes += bytes;
      this.mostBytes = Math.max(this.mostBytes, this.reservedBytes + this.outputBytes);
    },
  });

  /** Each begins a read that waits for a write of its key. */
  readonly pending: (() => void)[] = [];

  constructor(keys: readonly string[], { kind = 'get', cutShort, written }: Kind = {}) {
    const request = { kind, keys, withCas: false, exptime: 0, ...(cutShort && { cutShort }) };
    this.operation = new Operation(request, 'read', true, 0, 0, this);
    this.operation.releasesBarrierWhenIssued = true;
    new MultiRead(this.operation, request, {
      read: (keyRead) => {
        const issue = () => {
          this.asked.push(keyRead);
          keyRead.onIssued();
        };
        const begin = () => {
          if (this.flow.take(keyRead, VALUE_BYTES)) issue();
          else this.flow.wait(keyRead, VALUE_BYTES, issue);
        };
        if (keyRead.key === written) this.pending.push(begin);
        else begin();
      },
      readAgainFromMemory: (bytes, done, reader) => {
        const give = () => {
          reader.onIssued();
          done();
        };
        if (this.flow.take(reader, bytes)) give();
        else this.flow.wait(reader, bytes, give);
      },
      nextTurn: (callback) => turns.push(callback),
      lend: () => {},
    }).begin();
  }

  onDone(operation: Operation): void {
    this.reply = operation.reply;
    operation.reserve(0);
  }

  onBarrierTaken(): void {}

  onBarrierReleased(): void {
    this.ordered++;
  }

  isNext(): boolean {
    return this.next;
  }

  onPart(_: Operation, hits: readonly Hit[]): void {
    this.out.push(hits.map(({ key }) => key));
    this.outputBytes += hits.length * VALUE_BYTES;
  }

  readonly clientName = '';

  nowMs(): number {
    return 0;
  }

  waitedForClientSince(): boolean {
    return false;
  }

  /** The store answers the oldest unanswered read. */
  answer(found = true): void {
    const value = Buffer.alloc(VALUE_BYTES);
    const version = { time: 1, node: 0 };
    this.asked.shift()!.onRead(null, found ? { flags: 0, value, version, token: null } : null);
  }

  /** The client takes everything that was sent to it. */
  take(): void {
    this.outputBytes = 0;
    this.flow.retry();
  }

  keysOfReply(): string[] {
    if (this.reply?.kind !== 'hits') throw new Error('there is no reply of hits');
    return [...this.out.flat(), ...this.reply.hits.map(({ key }) => key)];
  }
}

let turns: (() => void)[] = [];
beforeEach(() => {
  turns = [];
});

const names = (count: number) => Array.from({ length: count }, (_, at) => `k${at}`);

describe('a read of several keys', () => {
  it('is answered as a whole, in the order of its keys, if its values fit', () => {
    const reading = new Reading(names(4));
    expect(reading.ordered).toBe(1);
    for (const keyRead of reading.asked.splice(0).reverse()) keyRead.onRead(null, entryOf(keyRead.key));
    expect(reading.out).toEqual([]);
    expect(reading.keysOfReply()).toEqual(names(4));
    expect(reading.reservedBytes).toBe(0);
  });

  it('asks for no more values than the budget allows, and goes on as its client takes the parts', () => {
    const reading = new Reading(names(20));
    while (reading.reply === null) {
      expect(reading.asked.length).toBeGreaterThan(0);
      while (reading.asked.length > 0) reading.answer();
      reading.take();
    }
    expect(reading.keysOfReply()).toEqual(names(20));
    expect(reading.mostBytes).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(reading.ordered).toBe(1);
    expect(reading.reservedBytes).toBe(0);
  });

  it('asks for no more values while its client takes nothing', () => {
    const reading = new Reading(names(20));
    for (let at = 0; at < 4; at++) reading.answer();
    expect(reading.asked).toHaveLength(0);
    expect(reading.outputBytes).toBe(BUDGET_BYTES);
    expect(reading.ordered).toBe(0);
  });

  it('sends nothing before all earlier requests have been answered', () => {
    const reading = new Reading(names(20));
    reading.next = false;
    for (let at = 0; at < 4; at++) reading.answer();
    expect(reading.out).toEqual([]);
    reading.next = true;
    reading.operation.becomeNext();
    expect(reading.out.flat()).toEqual(names(4));
  });

  it('sends the values that it has if the last key finds no budget after waiting for a write', () => {
    const reading = new Reading(names(5), { written: 'k4' });
    for (let at = 0; at < 4; at++) reading.answer();
    expect(reading.out).toEqual([]);
    reading.pending[0]!();
    expect(reading.out.flat()).toEqual(names(4));
    reading.take();
    reading.answer();
    expect(reading.keysOfReply()).toEqual(names(5));
    expect(reading.reservedBytes).toBe(0);
  });

  it('goes on with the key that is next in the reply, though later keys have taken all of the budget', () => {
    const reading = new Reading(names(8));
    const first = reading.asked.shift()!;
    // As after a write of the key: its read begins again, behind those of the other keys.
    first.reserve(0);
    reading.flow.retry();
    while (reading.asked.length > 0) reading.answer();
    expect(reading.flow.take(first, VALUE_BYTES)).toBe(true);
    first.onRead(null, entryOf(first.key));
    expect(reading.out.flat()).toContain('k0');
  });

  it('reads a key that is named several times once, and sends its value each time', () => {
    const reading = new Reading(new Array<string>(50).fill('k'));
    let reads = 0;
    while (reading.reply === null) {
      reads += reading.asked.length;
      while (reading.asked.length > 0) reading.answer();
      reading.take();
    }
    expect(reads).toBe(1);
    expect(reading.keysOfReply()).toEqual(new Array(50).fill('k'));
    expect(reading.mostBytes).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it('touches a key each time that it is named, because the entry may have expired by then', () => {
    const reading = new Reading(['k', 'k', 'k'], { kind: 'gat' });
    expect(reading.asked).toHaveLength(3);
    reading.answer();
    reading.answer(false);
    reading.answer(false);
    expect(reading.keysOfReply()).toEqual(['k']);
  });

  it('ends with an error in place of the rest if a part has been sent', () => {
    const reading = new Reading(names(20));
    for (let at = 0; at < 4; at++) reading.answer();
    reading.take();
    reading.asked.shift()!.onRead({ code: 'VALUE_LOST', reason: 'the value is lost' }, null);
    expect(reading.out.flat()).toEqual(names(4));
    expect(reading.reply).toEqual(serverError('VALUE_LOST', 'the value is lost'));
    expect(reading.reservedBytes).toBe(0);
  });

  it('ends with its operation: later values are dropped, and no more are asked for', () => {
    const reading = new Reading(names(20));
    reading.operation.finish(serverError('CLIENT_LEFT', 'the client has left'));
    const asked = reading.asked.length;
    while (reading.asked.length > 0) reading.answer();
    reading.take();
    expect(asked).toBe(4);
    expect(reading.asked).toHaveLength(0);
    expect(reading.reservedBytes).toBe(0);
  });

  it('leaves turns to other clients, and does not collect misses without a bound', () => {
    const keys = names(3 * KEYS_AHEAD_MAX);
    const reading = new Reading(keys);
    let rounds = 0;
    while (reading.reply === null) {
      rounds++;
      while (reading.asked.length > 0) reading.answer(false);
      turns.splice(0).forEach((turn) => {
        turn();
      });
    }
    expect(rounds).toBeGreaterThan(10);
    expect(reading.keysOfReply()).toEqual([]);
  });

  it('keeps no value if a key that is too long follows', () => {
    const reading = new Reading(names(8), { cutShort: true });
    while (reading.asked.length > 0) reading.answer();
    expect(reading.reply).toEqual({ kind: 'hits', hits: [] });
    expect(reading.out).toEqual([]);
  });
});

function entryOf(_: string) {
  return { flags: 0, value: Buffer.alloc(VALUE_BYTES), version: { time: 1, node: 0 }, token: null };
}
