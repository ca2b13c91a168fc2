import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { atEnd } from './at-end.ts';
import type { Host } from './host.ts';

/**
 * Virtual machines of a test: one network namespace for each controller, all on a bridge in one further namespace,
 * which the tests reach by a link of their own. Packets between any two can be dropped, in either direction.
 *
 *     tests ── bridge ─┬─ host 0
 *                      ├─ host 1
 *                      └─ host 2
 *
 * All names begin with the id of this process; namespaces that a killed process left behind are found by that, and
 * removed.
 */
export class Network {
  readonly hosts: readonly Host[];
  readonly #name: string;
  readonly #ending: { callOff(): void };

  private constructor(name: string, subnet: number, count: number) {
    this.#name = name;
    this.#ending = atEnd(() => this.#remove());
    try {
      this.hosts = this.#build(subnet, count);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** @throws when the system does not allow it */
  static create(count = 3): Network {
    removeLeftOvers();
    const number = networks++;
    return new Network(`mc${process.pid}x${number}`, process.pid + number, count);
  }

  /** Drops all packets from `from` to `to`, and none in the other direction. */
  cutOneWay(from: number, to: number): Promise<void> {
    return this.#rule(to, `add rule inet cuts input ip saddr ${this.hosts[from]!.address} drop`);
  }

  async cut(a: number, b: number): Promise<void> {
    await Promise.all([this.cutOneWay(a, b), this.cutOneWay(b, a)]);
  }

  /** Ends all cuts. */
  async heal(): Promise<void> {
    await Promise.all(this.hosts.map((_, id) => this.#rule(id, 'flush chain inet cuts input')));
  }

  remove(): void {
    this.#ending.callOff();
    this.#remove();
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  /** Runs asynchronously, so that clients in this process go on meanwhile. */
  async #rule(id: number, rule: string): Promise<void> {
    await promisify(execFile)('ip', ['netns', 'exec', this.#host(id), 'nft', rule]);
  }

  get #hub(): string {
    return `${this.#name}-hub`;
  }

  #host(id: number): string {
    return `${this.#name}-${id}`;
  }

  #build(subnet: number, count: number): Host[] {
    const address = (place: number): string => addressIn(subnet, place);
    const link = `${this.#name}t`;
    const commands = [
      `netns add ${this.#hub}`,
      `-n ${this.#hub} link add bridge0 type bridge`,
      `-n ${this.#hub} link set bridge0 up`,
      `link add ${link} type veth peer name tests netns ${this.#hub}`,
      `-n ${this.#hub} link set tests master bridge0 up`,
      `addr add ${address(1)}/28 dev ${link}`,
      `link set ${link} up`,
    ];
    const hosts = Array.from({ length: count }, (_, id): Host => {
      const name = this.#host(id);
      commands.push(
        `netns add ${name}`,
        `-n ${this.#hub} link add host${id} type veth peer name eth0 netns ${name}`,
        `-n ${this.#hub} link set host${id} master bridge0 up`,
        `-n ${name} link set lo up`,
        `-n ${name} addr add ${address(id + 2)}/28 dev eth0`,
        `-n ${name} link set eth0 up`,
      );
      return { address: address(id + 2), command: ['ip', 'netns', 'exec', name] };
    });
    for (const command of commands) demand('ip', command.split(' '));
    for (const { command } of hosts) {
      const [program, ...words] = command;
      demand(program!, [...words, 'nft', CUTS]);
    }
    return hosts;
  }

  /** Removes the namespaces; the links in them end with them. */
  #remove(): void {
    removeNamespaces((name) => name.startsWith(`${this.#name}-`));
  }
}

const CUTS = 'add table inet cuts; add chain inet cuts input { type filter hook input priority 0; }';

let networks = 0;

/** An address in 198.18.0.0/15, which is reserved for tests of networks (RFC 2544), in subnets of 16 addresses. */
function addressIn(subnet: number, place: number): string {
  const offset = (subnet % 8_192) * 16 + place;
  return `198.${18 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
}

/** The reason why this machine can't make networks; null when it can. */
export function whyNoNetwork(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const program of ['ip', 'nft']) {
    if (spawnSync(program, ['-V'], { stdio: 'ignore' }).error !== undefined) return `needs ${program}`;
  }
  try {
    Network.create(1).remove();
    return null;
  } catch {
    return 'network namespaces are not allowed';
  }
}

function removeLeftOvers(): void {
  removeNamespaces((name) => {
    const owner = /^mc(\d+)x\d+-/.exec(name)?.[1];
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  });
}

function removeNamespaces(isToGo: (name: string) => boolean): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const name of (stdout ?? '').split('\n').map((line) => line.split(' ')[0]!)) {
    if (isToGo(name)) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  }
}

function demand(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr?.trim()}`);
}
