import { ID_MAX, LIVES_MAX } from './engine/logical-clock.ts';
import type { ClientHandle, ServerHandle } from './hosts/lab-host.ts';
import type { Participant } from './participants/frames.ts';

/** A line of a script cannot be carried out. The script goes on. */
export class LabError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LabError';
  }
}

export interface LiveServer {
  readonly self: Participant;
  readonly handle: ServerHandle;
}

export interface LiveClient {
  readonly self: Participant;
  readonly handle: ClientHandle;
}

export type LiveMember = LiveServer | LiveClient;

/** The servers and clients of a lab that live now, and their links. */
export class Roster {
  readonly #servers = new Map<number, LiveServer>();
  readonly #clients = new Map<number, LiveClient>();
  /** Which servers each is linked to, by id. */
  readonly #links = new Map<number, Set<number>>();
  /** The id of each life of a server. */
  readonly #ids: number[] = [];
  #clientLives = 0;

  /** In the order of their ids. */
  get servers(): readonly LiveServer[] {
    return [...this.#servers.values()].sort((a, b) => a.self.id - b.self.id);
  }

  /** In the order of their ids. */
  get clients(): readonly LiveClient[] {
    return [...this.#clients.values()].sort((a, b) => a.self.id - b.self.id);
  }

  /** The next life of this server. @throws LabError when the id is in use */
  newServer(id: number): Participant {
    if (this.#servers.has(id)) throw new LabError(`server ${id} runs already; killServer ${id} ends it`);
    if (this.#clients.has(id)) throw new LabError(`${id} is a client; choose another id for the server`);
    if (this.#ids.length >= LIVES_MAX)
      throw new LabError(`${LIVES_MAX} servers have been started, and a lab cannot have more`);
    this.#ids.push(id);
    return { kind: 'server', id, life: this.#ids.length - 1 };
  }

  /** The next life of this client. @throws LabError when a server has the id */
  newClient(id: number): Participant {
    if (this.#servers.has(id)) throw new LabError(`${id} is a server; choose another id for the client`);
    return { kind: 'client', id, life: this.#clientLives++ };
  }

  addServer(server: LiveServer): void {
    this.#servers.set(server.self.id, server);
    this.#links.set(server.self.id, new Set());
  }

  addClient(client: LiveClient): void {
    this.#clients.set(client.self.id, client);
    this.#links.set(client.self.id, new Set());
  }

  /** @throws LabError when it does not live */
  server(id: number): LiveServer {
    const server = this.#servers.get(id);
    if (server !== undefined) return server;
    if (this.#clients.has(id)) throw new LabError(`${id} is a client, not a server`);
    throw new LabError(this.#ids.includes(id) ? `server ${id} was killed` : `there is no server ${id}`);
  }

  /** @throws LabError when there is none */
  client(id: number): LiveClient {
    const client = this.#clients.get(id);
    if (client !== undefined) return client;
    throw new LabError(
      this.#servers.has(id) ? `${id} is a server, not a client` : `there is no client ${id}`,
    );
  }

  /** A server or a client. @throws LabError when there is neither */
  member(id: number): LiveMember {
    const member = this.#servers.get(id) ?? this.#clients.get(id);
    if (member !== undefined) return member;
    throw new LabError(
      this.#ids.includes(id) ? `server ${id} was killed` : `there is no server and no client ${id}`,
    );
  }

  isLinked(a: number, b: number): boolean {
    return this.#links.get(a)?.has(b) ?? false;
  }

  noteLinked(a: number, b: number): void {
    this.#links.get(a)?.add(b);
    this.#links.get(b)?.add(a);
  }

  noteUnlinked(a: number, b: number): void {
    this.#links.get(a)?.delete(b);
    this.#links.get(b)?.delete(a);
  }

  /** Those that are linked to it, in the order of their ids. */
  linkedTo(id: number): readonly LiveMember[] {
    const ids = [...(this.#links.get(id) ?? [])].sort((a, b) => a - b);
    return ids.map((other) => this.member(other));
  }

  /** The servers that are linked to it, in the order of their ids. */
  serversLinkedTo(id: number): readonly LiveServer[] {
    const ids = [...(this.#links.get(id) ?? [])].sort((a, b) => a - b);
    return ids.flatMap((other) => this.#servers.get(other) ?? []);
  }

  /** It is gone, with all its links. */
  remove({ id, life, kind }: Participant): void {
    const all: Map<number, LiveMember> = kind === 'server' ? this.#servers : this.#clients;
    if (all.get(id)?.self.life !== life) return;
    all.delete(id);
    for (const other of this.#links.get(id) ?? []) this.#links.get(other)?.delete(id);
    this.#links.delete(id);
  }

  /** The id of a server as it is shown: `0`, and `0#2` for its second life. */
  nameOfLife(life: number): string {
    const id = this.#ids[life]!;
    const count = this.#ids.slice(0, life + 1).filter((other) => other === id).length;
    return count === 1 ? `${id}` : `${id}#${count}`;
  }

  idOfLife(life: number): number {
    return this.#ids[life]!;
  }
}

/** @throws LabError when the word is no id */
export function idOf(word: string): number {
  if (/^\d+$/.test(word) && Number(word) <= ID_MAX) return Number(word);
  throw new LabError(`"${word}" is no id: give a whole number from 0 to ${ID_MAX}`);
}
