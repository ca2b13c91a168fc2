import { setTimeout as sleep } from 'node:timers/promises';
import { findCausalViolation } from '../../src/checkers/causal-convergence.ts';
import type { SessionEvent } from '../../src/checkers/session-history.ts';
import { findBrokenGuarantee } from '../checkers/session-guarantees.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { AnswerError, type TextClient } from './text-client.ts';

const SESSIONS = 5;
const KEYS = 4;
const THINK_MS_MAX = 20;
const RETRY_MS = 20;

/** How often a session goes to another controller before a step. */
const HOPS = 0.3;

/** A session as its client knows it. */
interface Session {
  number: number;
  client: TextClient | null;
  token: string | null;
  /** The token names all that the session has seen. */
  isTokenNew: boolean;
}

/**
 * Sessions that go from controller to controller with their tokens, read and write a few keys, and record what they
 * saw, whatever fails. A session whose connection breaks before it has a new token is over, and another one begins.
 */
export class SessionLoad {
  readonly events: SessionEvent[] = [];
  /** Requests that were answered with an error. */
  errors = 0;
  readonly #cluster: Cluster;
  readonly #tasks: Promise<void>[] = [];
  #sessions = 0;
  #values = 0;
  #stopping = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    for (let at = 0; at < SESSIONS; at++) this.#tasks.push(this.#run());
  }

  /** Waits until so many further steps were recorded. */
  async more(steps: number): Promise<void> {
    const goal = this.events.length + steps;
    await eventually(() => this.events.length >= goal);
  }

  /** Waits for the steps under way, and starts no others. @returns what no causal history has; null for nothing */
  async stop(): Promise<string | null> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
    return findCausalViolation(this.events) ?? findBrokenGuarantee(this.events);
  }

  async #run(): Promise<void> {
    const session: Session = { number: this.#sessions++, client: null, token: null, isTokenNew: true };
    while (!this.#stopping) {
      try {
        if (session.client === null || Math.random() < HOPS) await this.#hop(session);
        await this.#step(session);
      } catch (error) {
        if (error instanceof AnswerError) this.errors++;
        else this.#lose(session);
        await sleep(RETRY_MS);
      }
      await sleep(Math.random() * THINK_MS_MAX);
    }
    session.client?.close();
  }

  async #hop(session: Session): Promise<void> {
    if (session.client !== null && !session.isTokenNew) {
      const answer = await session.client.ask('session\r\n');
      if (!answer.startsWith(NO_SESSIONS)) session.token = wordOf(answer);
      session.isTokenNew = true;
    }
    session.client?.close();
    session.client = null;
    const client = await this.#cluster.client(Math.floor(Math.random() * this.#cluster.controllers.length));
    try {
      if (session.token !== null) expectOk(await client.ask(`session ${session.token}\r\n`));
      session.client = client;
    } finally {
      if (session.client === null) client.close();
    }
  }

  async #step(session: Session): Promise<void> {
    const { number, client } = session;
    const key = `session-${Math.floor(Math.random() * KEYS)}`;
    session.isTokenNew = false;
    if (Math.random() < 0.5) {
      const value = await client!.get(key);
      this.events.push({ session: number, key, kind: 'read', value });
      return;
    }
    const value = `${this.#values++}`;
    let answer = 'SERVER_ERROR outcome unknown';
    try {
      answer = await client!.set(key, value);
    } finally {
      const isUnknown = answer.startsWith('SERVER_ERROR outcome unknown');
      const write = { session: number, key, kind: 'write', value } as const;
      if (answer === 'STORED') this.events.push(write);
      else if (isUnknown) this.events.push({ ...write, isUnknown });
    }
    if (answer !== 'STORED') throw new AnswerError(answer);
  }

  #lose(session: Session): void {
    session.client?.close();
    session.client = null;
    if (session.isTokenNew) return;
    session.number = this.#sessions++;
    session.token = null;
    session.isTokenNew = true;
  }
}

/** At `linearizability` every controller shows all that the session has seen: it goes on without a new token. */
const NO_SESSIONS = 'SERVER_ERROR sessions go from';

/** The token in the answer to `session`. */
function wordOf(answer: string): string {
  const token = /^SESSION (\S+)$/.exec(answer)?.[1];
  if (token === undefined) throw new AnswerError(answer);
  return token;
}

function expectOk(answer: string): void {
  if (answer !== 'OK') throw new AnswerError(answer);
}
