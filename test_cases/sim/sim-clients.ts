import type { Action } from '../../src/checkers/history.ts';
import type { Level } from '../../src/placement/level.ts';
import { tokenOf } from './operations.ts';
import type { Connection, Fate, Recorder } from './recorder.ts';
import type { SimCluster } from './sim-cluster.ts';

/** One operation of a client. */
export interface Operation {
  /** At least so many virtual milliseconds after the operation before it. */
  readonly waitMs: number;
  readonly key: string;
  readonly kind: Action['kind'];
  /** The value that the operation writes, if it writes one. No other operation writes the same value. */
  readonly value: number;
  /** The time to live of what is stored; for ever where it is not given. */
  readonly seconds?: number;
  /** The level that a `get` asks for; that of the keyspace where it is not given. */
  readonly level?: Level;
}

export interface ClientPlan {
  /** The controller that the client is connected to at first. */
  readonly node: number;
  /** How many operations the client has under way at once. */
  readonly pipeline: number;
  readonly operations: readonly Operation[];
}

/** After so many failures in a row a client turns to another controller. */
const PATIENCE = 3;

/** How long a client waits when it finds no controller, in virtual milliseconds. */
const RETRY_MS = 20;

/** A client that carries out its whole plan, also when operations fail. */
export class SimClient {
  readonly #cluster: SimCluster;
  readonly #recorder: Recorder;
  readonly #plan: ClientPlan;
  readonly #tokens = new Map<string, { readonly cas: bigint; readonly value: string }>();
  #node: number;
  #connection: Connection | null = null;
  #next = 0;
  #underWay = 0;
  #failuresInARow = 0;
  #waiting = false;

  constructor(cluster: SimCluster, recorder: Recorder, plan: ClientPlan) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#plan = plan;
    this.#node = plan.node;
    this.#goOn();
  }

  get finished(): boolean {
    return this.#next === this.#plan.operations.length && this.#underWay === 0;
  }

  #goOn(): void {
    const { operations, pipeline } = this.#plan;
    if (this.#waiting || this.#underWay >= pipeline || this.#next === operations.length) return;
    this.#wait(operations[this.#next]!.waitMs);
  }

  #wait(forMs: number): void {
    this.#waiting = true;
    this.#cluster.scheduler.after(forMs, () => {
      this.#waiting = false;
      const connection = this.#connected();
      if (connection === null) return this.#wait(RETRY_MS);
      this.#perform(connection, this.#plan.operations[this.#next++]!);
      this.#goOn();
    });
  }

  #perform(connection: Connection, operation: Operation): void {
    const { key } = operation;
    const token = this.#tokens.get(key);
    const action = actionOf(operation, token?.value);
    this.#underWay++;
    const { seconds = 0, level = null } = operation;
    const beside = level === null ? this.#besideOf(operation) : [];
    const asked = { action, cas: token?.cas ?? 0n, seconds, beside, level };
    this.#recorder.ask(connection, key, asked, (fate, reply) => {
      const cas = reply === null ? null : tokenOf(reply);
      if (reply?.kind === 'hits' && cas !== null) {
        this.#tokens.set(key, { cas, value: reply.hits[0]!.value.toString() });
      }
      this.#underWay--;
      this.#onFate(connection, fate);
      this.#goOn();
    });
  }

  /** Every third read names all keys of the plan, too. */
  #besideOf({ value }: Operation): readonly string[] {
    if (value % 3 !== 0) return [];
    // A flush has no key.
    return [...new Set(this.#plan.operations.map(({ key }) => key))].filter((key) => key !== '');
  }

  #onFate(connection: Connection, fate: Fate): void {
    this.#failuresInARow = fate === 'answered' ? 0 : this.#failuresInARow + 1;
    if (this.#connection !== connection) return;
    if (fate === 'lost' || this.#failuresInARow >= PATIENCE) this.#turnAway();
  }

  #turnAway(): void {
    this.#connection = null;
    this.#failuresInARow = 0;
    this.#node = (this.#node + 1) % this.#cluster.nodes.length;
  }

  /** A client stays with its controller as long as that runs, and then goes to the next. */
  #connected(): Connection | null {
    const current = this.#connection;
    if (current !== null && isOpen(current)) return current;
    if (current !== null) this.#turnAway();
    const node = this.#cluster.nodes[this.#node % this.#cluster.nodes.length]!;
    if (node.core === null || node.isStopping) {
      this.#turnAway();
      return null;
    }
    this.#connection = this.#recorder.connect(node);
    return this.#connection;
  }
}

/**
 * A controller that was asked to end closes a connection with its next answer, or at once when no request is under way
 * on it.
 */
function isOpen({ node, incarnation }: Connection): boolean {
  return node.incarnation === incarnation && !node.isStopping;
}

/** @param expected what a `cas` expects; without it the client has to read first */
function actionOf({ kind, value }: Operation, expected: string | undefined): Action {
  switch (kind) {
    case 'get':
    case 'delete':
    case 'flush':
      return { kind };
    case 'set':
    case 'add':
    case 'replace':
      return { kind, value: String(value) };
    case 'append':
      return { kind, value: `,${value}` };
    case 'incr':
      return { kind, by: 1 };
    case 'cas':
      return expected === undefined ? { kind: 'get' } : { kind, expected, value: String(value) };
  }
}
