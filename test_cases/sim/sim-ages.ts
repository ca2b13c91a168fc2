import { placeOfCas } from '../../src/ordering/version.ts';
import { readItemRequest, storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import type { AgedEvent } from '../checkers/staleness.ts';
import { answerOf, describeReply, tokenOf } from './operations.ts';
import type { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import type { SimClientConnection } from './sim-run.ts';

/** One step of a client that stays at its controller: it sets a key, or reads it with a bound on staleness. */
export interface AgedStep {
  /** Virtual milliseconds after the step before, at the least. */
  readonly waitMs: number;
  readonly kind: 'get' | 'set';
  readonly key: string;
  readonly value: string;
  /** The bound of a `get`, in milliseconds. */
  readonly maxAgeMs: number;
}

export interface AgedPlan {
  readonly node: number;
  readonly steps: readonly AgedStep[];
}

/** Keys that these clients alone write, and only set, begin like this, or so behind the prefix of a keyspace. */
const KEY_PREFIX = 'aged-';
const AGED = /^(?:\w:)?aged-/;

export function isAged(key: string): boolean {
  return AGED.test(key);
}

/** Values of these clients: none that another client writes. */
const VALUES_FROM = 700_000_000;

const BOUNDS_MS = [0, 5, 20, 60, 200, 1_000];

/** Draws a client at each controller that reads what the others write. */
export function drawAges(random: Random, nodes: number, activeMs: number): AgedPlan[] {
  const keys = 1 + random.below(2);
  const steps = 20 + random.below(60);
  const writes = random.pick([0.2, 0.5]);
  let value = VALUES_FROM;
  return Array.from({ length: nodes }, (_, node) => ({
    node,
    steps: Array.from(
      { length: steps },
      (): AgedStep => ({
        waitMs: random.chance(0.3) ? 0 : random.between(0, (2 * activeMs) / steps),
        kind: random.chance(writes) ? 'set' : 'get',
        key: `${KEY_PREFIX}${random.below(keys)}`,
        value: String(value++),
        maxAgeMs: random.pick(BOUNDS_MS),
      }),
    ),
  }));
}

/** An answer that does not come, in virtual milliseconds. */
const GIVE_UP_MS = 1_500;

/** What all of these clients saw, and what a read with a bound came to. */
export class AgesRecorder {
  readonly events: AgedEvent[] = [];
  /** The keys of writes whose outcome is unknown. */
  readonly doubtful: string[] = [];
  /** Reads that a proof served, reads that a stronger read served, and reads that were refused for lack of a proof. */
  readonly reads = { proven: 0, strong: 0, refused: 0 };
}

export class AgedClient {
  readonly #cluster: SimCluster;
  readonly #recorder: AgesRecorder;
  readonly #node: SimNode;
  readonly #steps: readonly AgedStep[];
  #connection: { readonly life: number; readonly to: SimClientConnection } | null = null;
  #next = 0;
  finished = false;

  constructor(cluster: SimCluster, recorder: AgesRecorder, { node, steps }: AgedPlan) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#node = cluster.nodes[node]!;
    this.#steps = steps;
    this.#goOn();
  }

  #goOn(): void {
    const step = this.#steps[this.#next++];
    if (step === undefined) this.finished = true;
    else this.#cluster.scheduler.after(step.waitMs, () => this.#perform(step));
  }

  #perform(step: AgedStep): void {
    const node = this.#node;
    if (node.core === null || node.isStopping) return this.#goOn();
    if (this.#connection?.life !== node.incarnation)
      this.#connection = { life: node.incarnation, to: node.connect() };
    const { life, to } = this.#connection;
    const request = requestOf(step);
    const invokedAt = this.#cluster.scheduler.nowMs;
    let isDone = false;
    const done = (reply: Reply | null) => {
      if (isDone) return;
      isDone = true;
      const shown = reply === null ? 'no answer' : describeReply(reply);
      this.#cluster.transcript?.line(node.id, `aged ${step.kind} ${step.key} ${step.maxAgeMs}: ${shown}`);
      const isUnknown = reply === null || answerOf(reply)?.kind === 'unknown';
      if (step.kind === 'set' && isUnknown) this.#recorder.doubtful.push(step.key);
      if (reply !== null) this.#record(step, request, reply, invokedAt, life);
      this.#goOn();
    };
    to.submit(request, done);
    this.#cluster.scheduler.after(GIVE_UP_MS, () => done(null));
  }

  #record(
    { kind, key, maxAgeMs }: AgedStep,
    request: Request,
    reply: Reply,
    invokedAt: number,
    life: number,
  ): void {
    const node = this.#node;
    if (reply.kind === 'server_error') {
      if (reply.code === 'STALE') this.#recorder.reads.refused++;
      return;
    }
    if (request.kind === 'read_item' && request.ageFlag!.servedMs > 0) this.#recorder.reads.proven++;
    else if (kind === 'get') this.#recorder.reads.strong++;
    this.#recorder.events.push({
      kind: kind === 'get' ? 'read' : 'write',
      key,
      version: placeOfCas(tokenOf(reply) ?? 0n),
      maxAgeMs,
      invokedAt,
      returnedAt: this.#cluster.scheduler.nowMs,
      get hasEnded() {
        return node.incarnation !== life;
      },
    });
  }
}

function requestOf({ kind, key, value, maxAgeMs }: AgedStep): Request {
  if (kind === 'get') return { ...readItemRequest(key), ageFlag: { maxMs: maxAgeMs, servedMs: 0 } };
  return { ...storageRequest('set', key, 0, 0, Buffer.from(value)), wantsToken: true };
}
