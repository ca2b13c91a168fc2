import type { ControllerId } from '../base/number-kinds.ts';

/** Where one controller is reached over HTTP. */
export interface HttpAddress {
  readonly id: ControllerId;
  readonly host: string;
  /** The port that it shares with the other protocols. */
  readonly port: number;
  /** The further port for HTTP alone; 0 for none. */
  readonly httpPort: number;
}

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** An address in digits. A browser that is told to fetch from one asks no name server. */
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/;

/** The parts of `Host`, and of an `Origin` behind its scheme. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/;

/**
 * The names under which the controllers of the cluster are reached. Both checks protect a cluster that listens on
 * loopback from the pages of other people in a browser on the same machine:
 *
 *  1. `Host`: a page can make its own name point to 127.0.0.1 after it was loaded (DNS rebinding). Its requests then
 *     come with its own name. A request is served only if its `Host` is an address in digits, `localhost`, a host of
 *     `peers`, or one of `http_hosts`.
 *  2. `Origin`: a page can send requests to other hosts, and a browser names the origin of the page. A request with an
 *     origin is served only if the page came from a controller of this cluster.
 */
export class Authorities {
  readonly #hosts: ReadonlySet<string>;
  /** The authorities of all controllers, such as `127.0.0.1:8000`. */
  readonly #controllers: ReadonlySet<string>;

  constructor(addresses: readonly HttpAddress[], hosts: readonly string[]) {
    const names = hosts.map(lowerCased);
    this.#hosts = new Set([...LOOPBACK_HOSTS, ...addresses.map(({ host }) => bracketed(host)), ...names]);
    this.#controllers = new Set(
      addresses.flatMap((address) => [
        ...namesOf(address, names).flatMap((host) => portsOf(address).map((port) => `${host}:${port}`)),
      ]),
    );
  }

  /** @param host the header; undefined when there is none */
  isOwnHost(host: string | undefined): boolean {
    const name = AUTHORITY.exec((host ?? '').toLowerCase())?.[1];
    return name !== undefined && (IP_LITERAL.test(name) || this.#hosts.has(name));
  }

  /** @param origin the header. @param host that of the same request */
  isOwnOrigin(origin: string, host: string): boolean {
    const authority = /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1];
    return authority !== undefined && (authority === host.toLowerCase() || this.#controllers.has(authority));
  }
}

/** A controller on loopback has three names, and further names may lead to any controller. */
function namesOf({ host }: HttpAddress, hosts: readonly string[]): readonly string[] {
  const own = bracketed(host);
  return LOOPBACK_HOSTS.includes(own) ? [...LOOPBACK_HOSTS, ...hosts] : [own, ...hosts];
}

function portsOf({ port, httpPort }: HttpAddress): readonly number[] {
  return httpPort === 0 ? [port] : [port, httpPort];
}

/** As a host stands in front of a port. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${lowerCased(host)}]` : lowerCased(host);
}

function lowerCased(name: string): string {
  return name.toLowerCase();
}
