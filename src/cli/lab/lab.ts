import { KEY_BYTES_MAX } from '../../protocol/limits.ts';
import type { Counters } from './engine/counters.ts';
import type { TieRule } from './engine/tie-rule.ts';
import { type LabHost, ParticipantGone } from './hosts/lab-host.ts';
import type { LabOutcome, Participant } from './participants/frames.ts';
import type { TracedMessage } from './participants/trace-log.ts';
import { LabError, type LiveClient, type LiveMember, type LiveServer, Roster } from './roster.ts';

export interface LabOptions {
  readonly tie: TieRule;
  /** How often servers exchange by themselves while time passes, in milliseconds; null: never. */
  readonly backgroundMs: number | null;
}

/**
 * A cluster that does nothing but what it is told: the commands of a lab, on whichever host its servers and clients
 * run. One command at a time, and each is over when it returns.
 */
export class Lab {
  readonly roster = new Roster();
  readonly options: LabOptions;
  readonly #host: LabHost;
  #backgroundMs: number | null;
  /** The time that has passed since the last exchange in the background, in milliseconds. */
  #sinceExchangeMs = 0;
  readonly #dead: Participant[] = [];
  /** What those have seen that do not live any more. */
  readonly #pastTrace: TracedMessage[] = [];

  constructor(host: LabHost, options: LabOptions) {
    this.#host = host;
    this.options = options;
    this.#backgroundMs = options.backgroundMs;
  }

  /** Links the new server to all that live. */
  async joinServer(id: number): Promise<void> {
    const self = this.roster.newServer(id);
    const others = this.roster.servers;
    const handle = await this.#host.startServer(self, this.options.tie);
    const server = { self, handle };
    this.roster.addServer(server);
    await Promise.all(others.map((other) => this.#link(server, other)));
  }

  async killServer(id: number): Promise<void> {
    const server = this.roster.server(id);
    await this.#keepTrace(server);
    await server.handle.kill();
    await this.#bury(server.self);
  }

  /** A client with this id that lives already ends: the new one has seen nothing. */
  async joinClient(id: number, serverId: number): Promise<void> {
    const server = this.roster.server(serverId);
    const self = this.roster.newClient(id);
    const before = this.roster.clients.find((client) => client.self.id === id);
    if (before !== undefined) {
      await this.#keepTrace(before);
      await before.handle.kill();
      await this.#bury(before.self);
    }
    const client = { self, handle: await this.#host.startClient(self) };
    this.roster.addClient(client);
    await this.#link(client, server);
  }

  async createConnection(a: number, b: number): Promise<void> {
    const [one, other] = this.#ends(a, b);
    if (!canLink(one, other) || this.roster.isLinked(a, b)) return;
    if (isServer(other)) await this.#link(one, other);
    else await this.#link(other, one as LiveServer);
  }

  async breakConnection(a: number, b: number): Promise<void> {
    const [one, other] = this.#ends(a, b);
    if (!this.roster.isLinked(a, b)) return;
    this.roster.noteUnlinked(a, b);
    await Promise.all([one.handle.unlink(other.self), other.handle.unlink(one.self)]);
  }

  /** Cuts every link between the groups. The servers that are in none of them are one more group. */
  async partition(groups: readonly (readonly number[])[]): Promise<void> {
    const groupOf = new Map<number, number>();
    for (const [number, ids] of groups.entries()) {
      for (const id of ids) {
        this.roster.member(id);
        if (groupOf.has(id)) throw new LabError(`${id} is in two groups, and can be in one only`);
        groupOf.set(id, number);
      }
    }
    for (const { self } of this.roster.servers)
      if (!groupOf.has(self.id)) groupOf.set(self.id, groups.length);
    const ids = [...groupOf.keys()];
    for (const [at, a] of ids.entries()) {
      for (const b of ids.slice(at + 1))
        if (groupOf.get(a) !== groupOf.get(b)) await this.breakConnection(a, b);
    }
  }

  /** Links every server to every other. */
  async heal(): Promise<void> {
    const ids = this.roster.servers.map(({ self }) => self.id);
    for (const [at, a] of ids.entries()) for (const b of ids.slice(at + 1)) await this.createConnection(a, b);
  }

  /**
   * Every server exchanges with all that it is linked to, until each has the same vector as those. A vector only grows,
   * and in each round some vector does; so it ends.
   */
  async stabilize(): Promise<void> {
    for (let isEqual = false; !isEqual; ) {
      const { servers } = this.roster;
      const vectors = new Map<number, string>();
      await Promise.all(
        servers.map(async ({ self, handle }) => {
          const lives = this.roster.serversLinkedTo(self.id).map((other) => other.self.life);
          vectors.set(self.id, JSON.stringify(await unlessGone(handle.exchange(lives))));
        }),
      );
      isEqual = servers.every(({ self }) =>
        this.roster
          .serversLinkedTo(self.id)
          .every((other) => vectors.get(other.self.id) === vectors.get(self.id)),
      );
      await this.#buryDead();
    }
  }

  setBackgroundExchange(everyMs: number | null): void {
    this.#backgroundMs = everyMs;
    this.#sinceExchangeMs = 0;
  }

  /** Lets time pass. It passes only here, and servers exchange in the background only here. */
  async wait(ms: number): Promise<void> {
    const rounds = this.#backgroundMs === null ? 0 : ms / this.#backgroundMs;
    if (rounds > ROUNDS_MAX)
      throw new LabError(
        `servers would exchange ${Math.floor(rounds)} times; ${ROUNDS_MAX} is the most in one wait`,
      );
    let leftMs = ms;
    while (this.#backgroundMs !== null && this.#sinceExchangeMs + leftMs >= this.#backgroundMs) {
      const stepMs = this.#backgroundMs - this.#sinceExchangeMs;
      await this.#host.pass(stepMs);
      leftMs -= stepMs;
      this.#sinceExchangeMs = 0;
      await this.#exchangeOnce();
    }
    this.#sinceExchangeMs += leftMs;
    await this.#host.pass(leftMs);
  }

  /** In the order of ids, each server fetches from each that it is linked to, in the order of ids. */
  async #exchangeOnce(): Promise<void> {
    for (const { self, handle } of this.roster.servers) {
      for (const other of this.roster.serversLinkedTo(self.id))
        await unlessGone(handle.exchange([other.self.life]));
    }
  }

  async put(clientId: number, key: string, value: string): Promise<void> {
    const client = this.roster.client(clientId);
    const server = this.#serverOf(client);
    if (key.length > KEY_BYTES_MAX)
      throw new LabError(`the key has ${key.length} bytes, and ${KEY_BYTES_MAX} is the most`);
    const outcome = await client.handle.put(server.self.life, key, value);
    if (outcome.kind !== 'written') throw new LabError(reasonOfFailure(outcome, server));
  }

  /** @returns the value, or `ERR_DEP` or `ERR_KEY` */
  async get(clientId: number, key: string): Promise<string> {
    const client = this.roster.client(clientId);
    const server = this.#serverOf(client);
    const outcome = await client.handle.get(server.self.life, key);
    if (outcome.kind === 'value') return outcome.value;
    if (outcome.kind === 'ERR_DEP' || outcome.kind === 'ERR_KEY') return outcome.kind;
    throw new LabError(reasonOfFailure(outcome, server));
  }

  /** The vector of every server, by life. */
  async vectors(): Promise<ReadonlyMap<number, Counters>> {
    const states = this.roster.servers.map(
      async ({ self, handle }) => [self.life, (await handle.showServer()).vector] as const,
    );
    return new Map(await Promise.all(states));
  }

  /** All messages that have arrived since this was last called, in the order of time. */
  async takeTrace(): Promise<TracedMessage[]> {
    const { servers, clients } = this.roster;
    for (const member of [...servers, ...clients]) await this.#keepTrace(member);
    return this.#pastTrace.splice(0).sort((a, b) => a.arrivedMs - b.arrivedMs || a.sentMs - b.sentMs);
  }

  /** Servers and clients that have ended by themselves, since this was last called. They are treated as killed. */
  async takeDead(): Promise<readonly Participant[]> {
    await this.#buryDead();
    return this.#dead.splice(0);
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  async #buryDead(): Promise<void> {
    for (const one of this.#host.takeDead()) {
      await this.#bury(one);
      this.#dead.push(one);
    }
  }

  async #bury(dead: Participant): Promise<void> {
    const linked = this.roster.linkedTo(dead.id);
    this.roster.remove(dead);
    await Promise.all(linked.map(({ handle }) => unlessGone(handle.unlink(dead))));
  }

  /** @param one calls the other */
  async #link(one: LiveMember, other: LiveServer): Promise<void> {
    await one.handle.link(other.handle.port);
    this.roster.noteLinked(one.self.id, other.self.id);
  }

  #ends(a: number, b: number): readonly [LiveMember, LiveMember] {
    return [this.roster.member(a), this.roster.member(b)];
  }

  /** A client with several servers uses the one with the lowest id. @throws LabError when it has none */
  #serverOf({ self }: LiveClient): LiveServer {
    const first = this.roster.serversLinkedTo(self.id)[0];
    if (first !== undefined) return first;
    throw new LabError(
      `client ${self.id} is linked to no server; createConnection ${self.id} SERVER links it`,
    );
  }

  async #keepTrace({ handle }: LiveMember): Promise<void> {
    this.#pastTrace.push(...(await handle.takeTrace()));
    this.#pastTrace.splice(0, Math.max(0, this.#pastTrace.length - TRACE_MAX));
  }
}

/** What a participant is asked for that ends meanwhile comes to nothing; `takeDead` tells of its end. */
async function unlessGone<T>(doing: Promise<T>): Promise<T | null> {
  try {
    return await doing;
  } catch (error) {
    if (error instanceof ParticipantGone) return null;
    throw error;
  }
}

/** The most exchanges in the background that one `wait` makes of each server. */
const ROUNDS_MAX = 10_000;

/** The most messages that are kept for the trace; then the oldest are dropped. */
const TRACE_MAX = 20_000;

function isServer(member: LiveMember): member is LiveServer {
  return member.self.kind === 'server';
}

/** Two clients have no link, nor has a server one to itself. */
function canLink(one: LiveMember, other: LiveMember): boolean {
  return one.self.id !== other.self.id && (isServer(one) || isServer(other));
}

function reasonOfFailure(outcome: LabOutcome, { self }: LiveServer): string {
  return `server ${self.id}: ${outcome.kind === 'failed' ? outcome.reason : outcome.kind}`;
}
