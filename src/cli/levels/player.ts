import { setTimeout as sleep } from 'node:timers/promises';
import type { Level } from '../../placement/level.ts';
import { OperationError } from '../failure.ts';
import { Client } from './client.ts';
import type { LinkWay } from './controller-threads.ts';
import type { Ask, Script, Step } from './histories.ts';
import { CONTROLLERS, type OwnCluster } from './own-cluster.ts';
import type { RecordedRequest, Recording } from './recording.ts';

/** How often each controller answers a read while a request is watched, before that counts as one that has to wait. */
const ROUNDS = 8;

/** The pause between two rounds, and between two reads of a client that waits for a value, in milliseconds. */
const PAUSE_MS = 20;

/** How long a client may have to wait once nothing is in its way any more, in milliseconds. */
const FREE_WITHIN_MS = 20_000;

/** A key that nobody writes. */
const UNUSED_KEY = 'unused';

type AskStep = Extract<Step, { readonly client: string }>;

/**
 * Plays a script on a cluster, and records what the clients see.
 *
 * Steps are taken one after the other, each when the one before has been answered, or has to wait for the links that
 * are held. The links are released when all steps have been taken, or when the next one is that of a client which
 * waits itself. Nothing of this goes by time: a request has to wait if every controller has meanwhile answered
 * `ROUNDS` reads that were sent after it. A request that needs nothing from the held links cannot be overtaken so
 * often, however slow the machine is, since controllers and stores serve what comes in the order in which it comes.
 */
export async function play(cluster: OwnCluster, level: Level, script: Script): Promise<Recording> {
  const player = new Player(cluster, script);
  try {
    await player.open();
    const ends = await player.play();
    return { script, level, ends, ...player.recorded };
  } finally {
    player.close();
  }
}

class Player {
  readonly #cluster: OwnCluster;
  readonly #script: Script;
  readonly #clients = new Map<string, Client>();
  /** One connection to each controller, for reads that are no part of the history. */
  readonly #watchers: Client[] = [];
  readonly #requests: RecordedRequest[] = [];
  /** By client: the step that it waits for. */
  readonly #waiting = new Map<string, Promise<void>>();
  #held: readonly LinkWay[] = [];
  readonly #startMs = performance.now();
  #heldMs = 0;
  #releasedMs: number | null = null;
  /** How many rounds of reads the controllers have answered. */
  #rounds = 0;

  constructor(cluster: OwnCluster, script: Script) {
    this.#cluster = cluster;
    this.#script = script;
  }

  get recorded(): Pick<Recording, 'requests' | 'heldMs' | 'releasedMs'> {
    const requests = this.#requests.toSorted((a, b) => a.sentMs - b.sentMs);
    return { requests, heldMs: this.#heldMs, releasedMs: this.#releasedMs ?? 0 };
  }

  async open(): Promise<void> {
    for (const [name, controller] of Object.entries(this.#script.clients))
      this.#clients.set(name, await Client.dial(this.#cluster.addressOf(controller)));
    for (let id = 0; id < CONTROLLERS; id++)
      this.#watchers.push(await Client.dial(this.#cluster.addressOf(id)));
  }

  close(): void {
    for (const client of [...this.#clients.values(), ...this.#watchers]) client.close();
  }

  /** @returns what each controller has at the end */
  async play(): Promise<Recording['ends']> {
    for (const step of this.#script.steps) {
      if ('hold' in step) await this.#hold(step.hold);
      else await this.#take(step);
    }
    await this.#release();
    return this.#ends();
  }

  async #hold(links: readonly LinkWay[]): Promise<void> {
    this.#held = links;
    await this.#cluster.hold(links);
    this.#heldMs = this.#nowMs();
  }

  /** Afterwards no client waits. */
  async #release(): Promise<void> {
    if (this.#releasedMs !== null) return;
    this.#releasedMs = this.#nowMs();
    await this.#cluster.release(this.#held);
    await within(Promise.all(this.#waiting.values()), () => `${[...this.#waiting.keys()]} got no answer`);
    this.#waiting.clear();
  }

  async #take({ client, ask }: AskStep): Promise<void> {
    if (this.#waiting.has(client)) await this.#release();
    const done = this.#ask(client, ask);
    if (this.#heldMs === 0 || this.#releasedMs !== null)
      return within(done, () => `${client} got no answer to ${ask.kind} ${ask.key}`);
    if (await this.#isDoneFirst(done)) return;
    done.catch(ignore);
    this.#waiting.set(client, done);
  }

  /** Whether this is done before every controller has answered `ROUNDS` reads. */
  async #isDoneFirst(done: Promise<void>): Promise<boolean> {
    let isDone = false;
    const noted = done.then(() => {
      isDone = true;
    });
    noted.catch(ignore);
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.race([noted, sleep(PAUSE_MS)]);
      if (isDone) break;
      await Promise.all(this.#watchers.map((watcher) => watcher.get(UNUSED_KEY)));
      this.#rounds++;
    }
    return isDone;
  }

  async #ask(client: string, ask: Ask): Promise<void> {
    if (ask.kind !== 'await') {
      await this.#request(client, ask);
      return;
    }
    while ((await this.#request(client, { kind: 'get', key: ask.key })) !== ask.value) await sleep(PAUSE_MS);
  }

  /** @returns the value that was read or written */
  async #request(client: string, ask: Exclude<Ask, { readonly kind: 'await' }>): Promise<string | null> {
    const { kind, key } = ask;
    const connection = this.#clients.get(client)!;
    const sentMs = this.#nowMs();
    const roundsBefore = this.#rounds;
    let value: string | null;
    if (kind === 'get') value = await connection.get(key);
    else {
      ({ value } = ask);
      await connection.set(key, ask.value);
    }
    const hadToWait = this.#rounds - roundsBefore >= ROUNDS;
    this.#requests.push({ client, key, kind, value, sentMs, answeredMs: this.#nowMs(), hadToWait });
    return value;
  }

  /** Reads all keys at every controller, until all have the same. */
  async #ends(): Promise<Recording['ends']> {
    const keys = new Set(this.#requests.map(({ key }) => key));
    const deadline = performance.now() + FREE_WITHIN_MS;
    for (;;) {
      const ends = await Promise.all(this.#watchers.map((watcher) => valuesAt(watcher, keys)));
      const isEqual = [...keys].every((key) => ends.every((end) => end.get(key) === ends[0]!.get(key)));
      if (isEqual || performance.now() > deadline) return ends;
      await sleep(PAUSE_MS);
    }
  }

  #nowMs(): number {
    return performance.now() - this.#startMs;
  }
}

async function valuesAt(client: Client, keys: Iterable<string>): Promise<Map<string, string | null>> {
  const values = new Map<string, string | null>();
  for (const key of keys) values.set(key, await client.get(key));
  return values;
}

/** @throws OperationError when the work takes longer than anything may that nothing is in the way of */
async function within(work: Promise<unknown>, what: () => string): Promise<void> {
  const late = new AbortController();
  const tooLate = sleep(FREE_WITHIN_MS, null, { signal: late.signal }).then(() => {
    throw new OperationError('REQUEST_FAILED', `${what()} within ${FREE_WITHIN_MS / 1000} s`);
  });
  try {
    await Promise.race([work, tooLate]);
  } finally {
    late.abort();
    tooLate.catch(ignore);
  }
}

function ignore(): void {}
