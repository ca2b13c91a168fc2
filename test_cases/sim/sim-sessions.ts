import type { SessionEvent } from '../../src/checkers/session-history.ts';
import { epochOf } from '../../src/placement/agreed-placement.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { answerOf, describeReply, requestOf } from './operations.ts';
import type { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import type { SimClientConnection } from './sim-run.ts';

/** One step of a session that goes from controller to controller. */
export interface SessionStep {
  /** Virtual milliseconds after the step before, at the least. */
  readonly waitMs: number;
  readonly kind: 'get' | 'set';
  readonly key: string;
  /** What is written: a value that nobody else writes. */
  readonly value: string;
  /** The session goes to this controller first, with a token. */
  readonly to: number;
}

export interface SessionPlan {
  readonly steps: readonly SessionStep[];
}

/** Keys that sessions alone write begin like this, or so behind the prefix of a keyspace. */
const KEY_PREFIX = 'session-';
const OF_SESSIONS = /^(?:\w:)?session-/;

export function isOfSessions(key: string): boolean {
  return OF_SESSIONS.test(key);
}

/** Values of sessions: none that another client writes. */
const VALUES_FROM = 500_000_000;

/** Draws sessions that read and write a few keys of their own. */
export function drawSessions(random: Random, nodes: number, activeMs: number): SessionPlan[] {
  return random.chance(0.5) ? drawHops(random, nodes, activeMs) : drawRows(random, nodes, activeMs);
}

/** Each session reads and writes at random, most of them at another controller each time. */
function drawHops(random: Random, nodes: number, activeMs: number): SessionPlan[] {
  const sessions = 2 + random.below(4);
  const keys = 1 + random.below(4);
  const hops = random.pick([0.1, 0.4, 0.8]);
  const writes = random.pick([0.2, 0.5]);
  const steps = 10 + random.below(40);
  let value = VALUES_FROM;
  return Array.from({ length: sessions }, () => {
    let to = random.below(nodes);
    return {
      steps: Array.from({ length: steps }, (): SessionStep => {
        if (random.chance(hops)) to = random.below(nodes);
        const waitMs = random.chance(0.5) ? 0 : random.between(0, (2 * activeMs) / steps);
        const kind = random.chance(writes) ? 'set' : 'get';
        return { waitMs, kind, key: `${KEY_PREFIX}${random.below(keys)}`, value: String(value++), to };
      }),
    };
  });
}

/**
 * A session writes a row of keys, one after the other, again and again. The others read the row from its end, each at
 * one controller. A reader that finds a write and then not the write before it has seen an effect without its cause.
 */
function drawRows(random: Random, nodes: number, activeMs: number): SessionPlan[] {
  // An exchange of a long row takes several parts.
  const isLong = random.chance(0.4);
  const keys = isLong ? 20 + random.below(16) : 2 + random.below(6);
  const rows = isLong ? 3 + random.below(5) : 5 + random.below(15);
  const readers = 2 + random.below(2);
  const writerHops = random.pick([0, 0.1]);
  let value = VALUES_FROM;
  return Array.from({ length: 1 + readers }, (_, session) => {
    const isWriter = session === 0;
    let to = random.below(nodes);
    const steps: SessionStep[] = [];
    for (let i = 0; i < rows * keys; i++) {
      const place = i % keys;
      if (isWriter && random.chance(writerHops)) to = random.below(nodes);
      const waitMs = place === 0 ? random.between(0, (2 * activeMs) / rows) : 0;
      const kind = isWriter ? 'set' : 'get';
      const key = `${KEY_PREFIX}${isWriter ? place : keys - 1 - place}`;
      steps.push({ waitMs, kind, key, value: String(value++), to });
    }
    return { steps };
  });
}

/** An answer that does not come, in virtual milliseconds. */
const GIVE_UP_MS = 1_500;

/** What all sessions saw. A session whose token was lost with its connection is over, and another one begins. */
export class SessionRecorder {
  readonly events: SessionEvent[] = [];
  #sessions = 0;
  /** Steps that were refused because the controller did not have what the session had seen. */
  waits = 0;

  newSession(): number {
    return this.#sessions++;
  }

  /** The keys of writes whose outcome is unknown. */
  get doubtful(): string[] {
    return this.events.flatMap(({ key, isUnknown }) => (isUnknown === true ? [key] : []));
  }
}

/** A client that takes its session along. */
export class SimSession {
  readonly #cluster: SimCluster;
  readonly #recorder: SessionRecorder;
  readonly #steps: readonly SessionStep[];
  #session: number;
  #token: string | null = null;
  /** Nothing was seen since the token was given. */
  #isTokenNew = true;
  #at: { readonly node: SimNode; readonly life: number; readonly connection: SimClientConnection } | null =
    null;
  #next = 0;
  finished = false;

  constructor(cluster: SimCluster, recorder: SessionRecorder, { steps }: SessionPlan) {
    this.#cluster = cluster;
    this.#recorder = recorder;
    this.#steps = steps;
    this.#session = recorder.newSession();
    this.#goOn();
  }

  #goOn(): void {
    const step = this.#steps[this.#next++];
    if (step === undefined) {
      this.finished = true;
      return;
    }
    this.#cluster.scheduler.after(step.waitMs, () => this.#begin(step));
  }

  #begin(step: SessionStep): void {
    const at = this.#at;
    if (at !== null && (at.node.incarnation !== at.life || at.node.isStopping)) this.#lose();
    if (this.#at === null || this.#at.node.id !== step.to) this.#leave(step);
    else this.#perform(step);
  }

  /** The connection is gone. Without a token of all that was seen, the session is over. */
  #lose(): void {
    this.#at = null;
    if (this.#isTokenNew) return;
    this.#session = this.#recorder.newSession();
    this.#token = null;
    this.#isTokenNew = true;
  }

  #leave(step: SessionStep): void {
    if (this.#at === null || this.#isTokenNew) return this.#enter(step);
    this.#ask({ kind: 'session', token: null }, (reply) => {
      if (reply?.kind === 'line') {
        this.#token = reply.line.split(' ')[1]!;
        this.#isTokenNew = true;
        this.#enter(step);
      } else if (reply?.kind === 'server_error' && reply.code === 'NO_SESSIONS') {
        // At linearizability every controller shows all that the session has seen, once every controller is there.
        if (!this.#isSteady()) this.#lose();
        this.#isTokenNew = true;
        this.#enter(step);
      } else {
        this.#lose();
        this.#goOn();
      }
    });
  }

  /** No change of levels is under way anywhere: while one is, a controller may serve at the level before. */
  #isSteady(): boolean {
    const placements = this.#cluster.nodes.map(({ core }) => core?.groups.views.placement ?? null);
    return placements.every(
      (one) => (one?.move ?? null) === null && epochOf(one) === epochOf(placements[0]!),
    );
  }

  #enter(step: SessionStep): void {
    const { nodes } = this.#cluster;
    const node = nodes[step.to % nodes.length]!;
    this.#at = null;
    if (node.core === null || node.isStopping) return this.#goOn();
    this.#at = { node, life: node.incarnation, connection: node.connect() };
    if (this.#token === null) return this.#perform(step);
    this.#ask({ kind: 'session', token: this.#token }, (reply) => {
      if (reply?.kind === 'outcome') return this.#perform(step);
      this.#at = null;
      this.#goOn();
    });
  }

  #perform(step: SessionStep): void {
    const { kind, key, value } = step;
    const action = kind === 'get' ? ({ kind } as const) : ({ kind, value } as const);
    this.#isTokenNew = false;
    this.#ask(requestOf(key, action, 0n, 0), (reply) => {
      this.#record(step, reply);
      this.#goOn();
    });
  }

  #record({ kind, key, value }: SessionStep, reply: Reply | null): void {
    const session = this.#session;
    if (reply?.kind === 'server_error' && reply.code === 'SESSION_AHEAD') this.#recorder.waits++;
    const answer = reply === null ? ({ kind: 'unknown' } as const) : answerOf(reply);
    if (answer === null) return;
    if (kind === 'get') {
      if (answer.kind === 'value')
        this.#recorder.events.push({ session, key, kind: 'read', value: answer.value });
      return;
    }
    const isUnknown = answer.kind === 'unknown';
    this.#recorder.events.push({ session, key, kind: 'write', value, ...(isUnknown ? { isUnknown } : {}) });
  }

  /** @param onReply null: none came */
  #ask(request: Request, onReply: (reply: Reply | null) => void): void {
    let isDone = false;
    const { node, connection } = this.#at!;
    const done = (reply: Reply | null) => {
      if (isDone) return;
      isDone = true;
      this.#note(node, `${nameOf(request)}: ${reply === null ? 'no answer' : describeReply(reply)}`);
      if (reply === null) this.#lose();
      onReply(reply);
    };
    connection.submit(request, done);
    this.#cluster.scheduler.after(GIVE_UP_MS, () => done(null));
  }

  #note(node: SimNode, text: string): void {
    this.#cluster.transcript?.line(node.id, `session ${this.#session} ${text}`);
  }
}

function nameOf(request: Request): string {
  if ('keys' in request) return `gets ${request.keys[0]}`;
  if (request.kind === 'session') return request.token === null ? 'leaves' : 'comes';
  return request.kind === 'storage' ? `sets ${request.key} ${request.value.toString()}` : request.kind;
}
