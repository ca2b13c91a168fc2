import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Value } from '../../src/checkers/history.ts';
import { INCREMENTS_MAX } from '../checkers/invented.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { COUNTER, judge, type Level } from './judge-record.ts';
import { type LoadRecord, RecordedClient } from './recorded-client.ts';

/**
 * The keys that are used until they are renewed. Beside them there are pairs of keys that are used for a few
 * operations.
 */
const LASTING_KEYS: readonly string[] = ['a', 'b', 'c', 'd'];
/** The number of operations on one pair of keys: few enough to search for a valid order of all of them. */
const PAIR_OPERATIONS = 16;

const WRITERS_PER_CONTROLLER = 2;
const THINK_MS_MAX = 16;
const POLL_INTERVAL_MS = 20;
const COUNT_INTERVAL_MS = 20;
const RETRY_MS = 10;

/**
 * Clients of every controller that carry out random operations, whatever fails, and record them.
 *
 * Writers wait for each reply. Pollers do not: they go on asking a controller that stands still. When it goes on, it
 * finds reads that are younger than the writes that the other controllers have completed meanwhile.
 */
export class RecordedLoad {
  readonly record: LoadRecord = { history: [], seen: [], violations: [], reasons: new Set() };
  readonly #cluster: Cluster;
  /** The number of answered writes, by controller. */
  readonly #writes: number[];
  readonly #tasks: Promise<void>[] = [];
  #connections = 0;
  #values = 0;
  #eras = 0;
  #pairOperations = 0;
  #lastingKeys = LASTING_KEYS;
  #stopping = false;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#writes = cluster.controllers.map(() => 0);
  }

  static async start(cluster: Cluster): Promise<RecordedLoad> {
    const load = new RecordedLoad(cluster);
    const first = await load.#connect(0);
    await first.perform(COUNTER, { kind: 'set', value: '0' });
    first.close();
    cluster.controllers.forEach((_, id) => {
      for (let i = 0; i < WRITERS_PER_CONTROLLER; i++) load.#run(id, (client) => load.#write(client, id));
      load.#run(id, (client) => load.#poll(client));
      load.#run(id, (client) => load.#count(client));
    });
    return load;
  }

  /** Waits until each of these controllers has answered so many further writes. */
  async moreWrites(ids: readonly number[], count = 30): Promise<void> {
    const goals = ids.map((id) => this.#writes[id]! + count);
    await eventually(() => ids.every((id, i) => this.#writes[id]! >= goals[i]!));
  }

  /** Goes on with other keys, so that the history of no key gets long. */
  renewKeys(): void {
    const era = ++this.#eras;
    this.#lastingKeys = LASTING_KEYS.map((key) => `${key}-${era}`);
  }

  /**
   * Waits for the operations under way and starts no others; then reads all keys at all controllers, and judges the
   * record.
   */
  async expectRight(level: Level): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
    const keys = [...new Set(this.record.history.map(({ key }) => key))];
    const states = await Promise.all(this.#cluster.controllers.map((_, id) => this.#readAll(id, keys)));
    judge(level, this.record, states);
  }

  async #readAll(id: number, keys: readonly string[]): Promise<Map<string, Value>> {
    const client = await this.#connect(id);
    const read = async (key: string): Promise<[string, Value]> => {
      const answer = await client.perform(key, { kind: 'get' });
      if (answer?.kind !== 'value') throw new Error(`controller ${id} does not show ${key}`);
      return [key, answer.value];
    };
    const state = new Map(await Promise.all(keys.map(read)));
    client.close();
    return state;
  }

  /** Repeats `use` with a new connection until the load is stopped. */
  #run(id: number, use: (client: RecordedClient) => Promise<void>): void {
    const go = async (): Promise<void> => {
      while (!this.#stopping) {
        try {
          const client = await this.#connect(id);
          try {
            await use(client);
          } finally {
            client.close();
          }
        } catch {
          await sleep(RETRY_MS);
        }
      }
    };
    this.#tasks.push(go());
  }

  async #connect(id: number): Promise<RecordedClient> {
    return new RecordedClient(await this.#cluster.client(id), this.#connections++, this.record);
  }

  async #write(client: RecordedClient, id: number): Promise<void> {
    while (!this.#stopping) {
      const key = this.#anyKey();
      const action = this.#anyAction(client, key);
      const answer = await client.perform(key, action);
      if (action.kind !== 'get' && answer !== null && answer.kind !== 'unknown') this.#writes[id]!++;
      await sleep(answer === null ? RETRY_MS : Math.random() * THINK_MS_MAX);
    }
  }

  async #count(client: RecordedClient): Promise<void> {
    while (!this.#stopping) {
      await client.perform(COUNTER, { kind: 'incr', by: 1 });
      await sleep(COUNT_INTERVAL_MS);
    }
  }

  async #poll(client: RecordedClient): Promise<void> {
    const asked: Promise<unknown>[] = [];
    let broken: unknown = null;
    for (let turn = 0; !this.#stopping && broken === null; turn++) {
      const answer = client.perform(this.#lastingKeys[turn % LASTING_KEYS.length]!, { kind: 'get' });
      asked.push(answer.catch((error: unknown) => (broken = error)));
      await sleep(POLL_INTERVAL_MS);
    }
    await Promise.all(asked);
    if (broken !== null) throw broken;
  }

  #anyKey(): string {
    const choice = Math.random();
    if (choice < 0.5) return any(this.#lastingKeys);
    const pair = Math.floor(this.#pairOperations++ / PAIR_OPERATIONS);
    return `pair-${pair}-${choice < 0.75 ? 'left' : 'right'}`;
  }

  #anyAction(client: RecordedClient, key: string): Action {
    const kind = any(KINDS);
    const expected = client.readValue(key);
    switch (kind) {
      case 'get':
      case 'delete':
        return { kind };
      case 'incr':
        return { kind, by: 1 };
      case 'append':
        return { kind, value: `,${++this.#values}` };
      case 'cas':
        return expected === null ? { kind: 'get' } : { kind, expected, value: this.#newValue() };
      default:
        return { kind, value: this.#newValue() };
    }
  }

  /** A value that no other write has, and that increments do not turn into another one. */
  #newValue(): string {
    return `${++this.#values * INCREMENTS_MAX}`;
  }
}

/** The kinds of operations, each as often as its weight. */
const KINDS = (
  [
    ['get', 8],
    ['set', 4],
    ['incr', 3],
    ['cas', 3],
    ['append', 2],
    ['add', 2],
    ['replace', 1],
    ['delete', 2],
  ] as const
).flatMap(([kind, times]) => new Array<typeof kind>(times).fill(kind));

function any<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)]!;
}
