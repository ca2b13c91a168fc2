/**
 * What a lab has to print, worked out from the definition alone. It shares no code with the engine or with the lab, and
 * is written in another way on purpose: where the engine has vectors, logs and clocks, a server here has the *set* of
 * writes that have reached it, and a client needs sets of writes.
 */

export interface ModelOptions {
  readonly tie: 'lowest' | 'highest';
  readonly keepGoing?: boolean;
  readonly backgroundMs?: number | null;
}

export interface ModelResult {
  readonly stdout: string;
  /** The lines that cannot be carried out, by number, unknown commands among them. */
  readonly errors: readonly number[];
  readonly knewAll: boolean;
}

interface ModelWrite {
  readonly key: string;
  readonly value: string;
  readonly client: ModelClient;
  readonly clientTime: number;
  readonly server: ModelServer;
  readonly acceptTime: number;
  /** Its client kept monotonic writes when it was made. */
  readonly followsOwn: boolean;
}

interface ModelServer {
  readonly id: number;
  /** Later lives have larger numbers. */
  readonly life: number;
  readonly has: Set<ModelWrite>;
  counter: number;
}

interface ModelClient {
  readonly needs: Map<string, Set<ModelWrite>>;
  readonly seen: Set<ModelWrite>;
  readonly off: Set<string>;
  level: string;
  clientTime: number;
  putCounter: number;
  getCounter: number;
}

class Impossible extends Error {}

const GUARANTEE_NAMES: Readonly<Record<string, string>> = {
  ryw: 'read-your-writes',
  mr: 'monotonic-reads',
  mw: 'monotonic-writes',
  wfr: 'writes-follow-reads',
};

export function runModel(script: string, options: ModelOptions): ModelResult {
  const model = new LabModel(options);
  const lines = script.split('\n');
  for (const [at, line] of lines.entries()) if (!model.line(line, at + 1)) break;
  return model.result;
}

class LabModel {
  readonly #options: ModelOptions;
  readonly #servers = new Map<number, ModelServer>();
  readonly #clients = new Map<number, ModelClient>();
  /** `a b`, with the smaller id first. */
  readonly #links = new Set<string>();
  readonly #printed: string[] = [];
  readonly #errors: number[] = [];
  #lives = 0;
  #knewAll = true;
  #backgroundMs: number | null;
  #sinceMs = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#backgroundMs = options.backgroundMs ?? null;
  }

  get result(): ModelResult {
    const stdout = this.#printed.map((line) => `${line}\n`).join('');
    return { stdout, errors: this.#errors, knewAll: this.#knewAll };
  }

  /** @returns false when the script ends here */
  line(line: string, number: number): boolean {
    let end = line.length;
    while (end > 0 && ' \r'.includes(line[end - 1]!)) end--;
    const [name = '', ...words] = line.slice(0, end).trimStart().split(' ');
    if (name === '' || name.startsWith('#')) return true;
    const command = this.#commands[name];
    if (command === undefined || !Object.hasOwn(this.#commands, name)) {
      this.#printed.push(`failed to process: ${name}`);
      this.#errors.push(number);
      this.#knewAll = false;
      return this.#options.keepGoing === true;
    }
    const [least, most, act] = command;
    try {
      if (words.length < least || words.length > most || words.includes('')) throw new Impossible();
      act(words);
    } catch (error) {
      if (!(error instanceof Impossible)) throw error;
      this.#errors.push(number);
    }
    return true;
  }

  readonly #commands: Readonly<
    Record<string, readonly [number, number, (words: readonly string[]) => void]>
  > = {
    joinServer: [1, 1, ([id]) => this.#joinServer(asId(id!))],
    killServer: [1, 1, ([id]) => this.#killServer(asId(id!))],
    joinClient: [2, 2, ([id, server]) => this.#joinClient(asId(id!), asId(server!))],
    breakConnection: [2, 2, ([a, b]) => this.#break(asId(a!), asId(b!))],
    createConnection: [2, 2, ([a, b]) => this.#create(asId(a!), asId(b!))],
    stabilize: [0, 0, () => this.#stabilize()],
    printStore: [1, 1, ([id]) => this.#printStore(asId(id!))],
    put: [3, 3, ([id, key, value]) => this.#put(asId(id!), key!, value!)],
    get: [2, 2, ([id, key]) => this.#get(asId(id!), key!)],
    level: [2, 2, ([id, level]) => this.#setLevel(asId(id!), level!)],
    guarantee: [3, 3, ([id, name, word]) => this.#setGuarantee(id!, name!, word!)],
    partition: [3, 64, (words) => this.#partition(words)],
    heal: [0, 0, () => this.#heal()],
    backgroundExchange: [1, 1, ([word]) => this.#setBackground(word!)],
    wait: [1, 1, ([word]) => this.#wait(asMs(word!))],
  };

  #joinServer(id: number): void {
    if (this.#servers.has(id) || this.#clients.has(id)) throw new Impossible();
    for (const other of this.#servers.keys()) this.#links.add(linkOf(id, other));
    this.#servers.set(id, { id, life: this.#lives++, has: new Set(), counter: 0 });
  }

  #killServer(id: number): void {
    this.#server(id);
    this.#servers.delete(id);
    this.#unlinkAll(id);
  }

  #unlinkAll(id: number): void {
    for (const link of this.#links) if (link.split(' ').includes(`${id}`)) this.#links.delete(link);
  }

  #joinClient(id: number, server: number): void {
    this.#server(server);
    if (this.#servers.has(id)) throw new Impossible();
    this.#unlinkAll(id);
    this.#clients.set(id, {
      needs: new Map(),
      seen: new Set(),
      off: new Set(),
      level: 'session',
      clientTime: 0,
      putCounter: 0,
      getCounter: 0,
    });
    this.#links.add(linkOf(id, server));
  }

  #break(a: number, b: number): void {
    this.#known(a);
    this.#known(b);
    this.#links.delete(linkOf(a, b));
  }

  #create(a: number, b: number): void {
    this.#known(a);
    this.#known(b);
    if (a !== b && (this.#servers.has(a) || this.#servers.has(b))) this.#links.add(linkOf(a, b));
  }

  /** All that are linked, directly or through others, end with all that any of them has. */
  #stabilize(): void {
    const left = new Set(this.#servers.values());
    for (const first of left) {
      const part = new Set([first]);
      for (const one of part) {
        left.delete(one);
        for (const other of this.#servers.values()) if (this.#isLinked(one.id, other.id)) part.add(other);
      }
      const all = [...part].flatMap(({ has }) => [...has]);
      const counter = Math.max(...[...part].map((server) => server.counter));
      for (const server of part) {
        for (const write of all) server.has.add(write);
        server.counter = counter;
      }
    }
  }

  #printStore(id: number): void {
    const server = this.#server(id);
    const keys = [...new Set([...server.has].map(({ key }) => key))];
    keys.sort((a, b) => Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')));
    for (const key of keys) this.#printed.push(`${key}:${this.#winner(server, key)!.value}`);
  }

  #put(id: number, key: string, value: string): void {
    const client = this.#client(id);
    const server = this.#serverOf(id);
    if (key.length > 250) throw new Impossible();
    const followsOwn = keeps(client, 'monotonic-writes');
    if (followsOwn) server.counter = Math.max(server.counter, client.putCounter);
    if (keeps(client, 'writes-follow-reads')) server.counter = Math.max(server.counter, client.getCounter);
    const acceptTime = server.counter++;
    server.has.add({ key, value, client, clientTime: client.clientTime++, server, acceptTime, followsOwn });
    client.putCounter = Math.max(client.putCounter, server.counter);
    for (const one of server.has) client.seen.add(one);
    if (!client.off.has('read-your-writes')) client.needs.set(key, new Set(server.has));
  }

  #get(id: number, key: string): void {
    const client = this.#client(id);
    const server = this.#serverOf(id);
    this.#printed.push(`${key}:${this.#found(client, server, key)}`);
  }

  #found(client: ModelClient, server: ModelServer, key: string): string {
    const need = client.level === 'causal' ? client.seen : (client.needs.get(key) ?? new Set());
    if (client.level !== 'eventual' && [...need].some((write) => !server.has.has(write))) return 'ERR_DEP';
    const winner = this.#winner(server, key);
    if (winner === null) return 'ERR_KEY';
    client.getCounter = Math.max(client.getCounter, server.counter);
    for (const one of server.has) client.seen.add(one);
    if (!client.off.has('monotonic-reads'))
      client.needs.set(key, new Set([...(client.needs.get(key) ?? []), ...server.has]));
    return winner.value;
  }

  /** The last in the order of all writes of this key, without those that count for nothing. */
  #winner(server: ModelServer, key: string): ModelWrite | null {
    const all = [...server.has].filter((write) => write.key === key);
    const counting = all.filter(
      (write) =>
        !all.some(
          (other) => other.client === write.client && other.clientTime > write.clientTime && other.followsOwn,
        ),
    );
    return counting.reduce<ModelWrite | null>(
      (last, write) => (last && this.#isAfter(last, write) ? last : write),
      null,
    );
  }

  #isAfter(a: ModelWrite, b: ModelWrite): boolean {
    if (a.acceptTime !== b.acceptTime) return a.acceptTime > b.acceptTime;
    if (a.server.id !== b.server.id)
      return this.#options.tie === 'lowest' ? a.server.id < b.server.id : a.server.id > b.server.id;
    return a.server.life > b.server.life;
  }

  #setLevel(id: number, level: string): void {
    const client = this.#client(id);
    if (!['eventual', 'session', 'causal'].includes(level)) throw new Impossible();
    client.level = level;
  }

  #setGuarantee(id: string, word: string, state: string): void {
    const clients = id === 'all' ? [...this.#clients.values()] : [this.#client(asId(id))];
    const name = GUARANTEE_NAMES[word] ?? word;
    if (!Object.values(GUARANTEE_NAMES).includes(name)) throw new Impossible();
    if (state !== 'on' && state !== 'off') throw new Impossible();
    for (const { off } of clients) state === 'on' ? off.delete(name) : off.add(name);
  }

  #partition(words: readonly string[]): void {
    const groups: number[][] = [[]];
    for (const word of words) word === '|' ? groups.push([]) : groups.at(-1)!.push(asId(word));
    const ids = groups.flat();
    for (const id of ids) this.#known(id);
    if (groups.length < 2 || new Set(ids).size < ids.length) throw new Impossible();
    groups.push([...this.#servers.keys()].filter((id) => !ids.includes(id)));
    const groupOf = (id: number) => groups.findIndex((group) => group.includes(id));
    for (const link of this.#links) {
      const [a, b] = link.split(' ').map((id) => groupOf(Number(id)));
      if (a !== -1 && b !== -1 && a !== b) this.#links.delete(link);
    }
  }

  #heal(): void {
    for (const a of this.#servers.keys())
      for (const b of this.#servers.keys()) if (a !== b) this.#links.add(linkOf(a, b));
  }

  #setBackground(word: string): void {
    const ms = word === 'off' ? null : asMs(word);
    if (ms === 0) throw new Impossible();
    this.#backgroundMs = ms;
    this.#sinceMs = 0;
  }

  #wait(ms: number): void {
    this.#sinceMs += ms;
    while (this.#backgroundMs !== null && this.#sinceMs >= this.#backgroundMs) {
      this.#sinceMs -= this.#backgroundMs;
      this.#exchangeOnce();
    }
  }

  #exchangeOnce(): void {
    const servers = [...this.#servers.values()].sort((a, b) => a.id - b.id);
    for (const one of servers)
      for (const other of servers) {
        if (!this.#isLinked(one.id, other.id)) continue;
        for (const write of other.has) one.has.add(write);
        one.counter = Math.max(one.counter, other.counter);
      }
  }

  #isLinked(a: number, b: number): boolean {
    return this.#links.has(linkOf(a, b));
  }

  #serverOf(client: number): ModelServer {
    const ids = [...this.#servers.keys()].filter((id) => this.#isLinked(client, id));
    if (ids.length === 0) throw new Impossible();
    return this.#servers.get(Math.min(...ids))!;
  }

  #server(id: number): ModelServer {
    const server = this.#servers.get(id);
    if (server === undefined) throw new Impossible();
    return server;
  }

  #client(id: number): ModelClient {
    const client = this.#clients.get(id);
    if (client === undefined) throw new Impossible();
    return client;
  }

  #known(id: number): void {
    if (!this.#servers.has(id) && !this.#clients.has(id)) throw new Impossible();
  }
}

function keeps(client: ModelClient, guarantee: string): boolean {
  return client.level === 'causal' || (client.level === 'session' && !client.off.has(guarantee));
}

function linkOf(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

function asId(word: string): number {
  if (!/^[0-9]+$/.test(word) || Number(word) > 999_999) throw new Impossible();
  return Number(word);
}

function asMs(word: string): number {
  if (!/^[0-9]+([.][0-9]{1,3})?$/.test(word) || Number(word) > 86_400) throw new Impossible();
  return Math.round(Number(word) * 1000);
}
