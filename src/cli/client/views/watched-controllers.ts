import type { Address } from '../../../controller/settings.ts';
import { OperationError } from '../../failure.ts';
import { formatAddress } from '../../settings/address.ts';
import { linesOf } from '../line-stream.ts';
import { pause } from './view.ts';

/** How long a controller that cannot be watched is left alone before it is asked again, in milliseconds. */
const ASK_AGAIN_MS = 1000;

const COMMAND = 'watch fetchers mutations deletions';

/** A controller whose requests are shown. */
export interface WatchedController {
  /** Null for a memcached. */
  readonly id: number | null;
  readonly address: Address;
}

export interface WatchPorts {
  /** A line of `watch`. The next line of that controller is read once this has resolved. */
  readonly onLine: (line: string, of: WatchedController) => Promise<void>;
  /** One of several controllers cannot be watched, or can be again. */
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Watches the requests of several controllers at once, each on a connection of its own. A controller that cannot be
 * watched is named once and asked again every second, as long as another one is watched.
 */
export class WatchedControllers {
  readonly #all: readonly WatchedController[];
  readonly #ports: WatchPorts;
  /** Why a controller is not watched. A controller that has not answered yet is not in here. */
  readonly #troubles = new Map<WatchedController, string>();
  /** Ends the connections, whether the user wants an end or no controller is left. */
  readonly #end = new AbortController();

  constructor(all: readonly WatchedController[], ports: WatchPorts) {
    this.#all = all;
    this.#ports = ports;
  }

  /** Resolves when the user wants an end. @throws OperationError once none of the controllers can be watched */
  async watch(): Promise<void> {
    const { signal } = this.#ports;
    const end = (): void => this.#end.abort();
    if (signal.aborted) return;
    signal.addEventListener('abort', end, { once: true });
    try {
      await Promise.all(this.#all.map((one) => this.#watchOne(one)));
    } finally {
      signal.removeEventListener('abort', end);
      this.#end.abort();
    }
  }

  async #watchOne(one: WatchedController): Promise<void> {
    do {
      const trouble = await this.#readLines(one);
      if (!this.#end.signal.aborted) this.#onTrouble(one, trouble);
    } while (await pause(ASK_AGAIN_MS, this.#end.signal));
  }

  /** Passes the lines of a controller on. @returns why no more of them come */
  async #readLines(one: WatchedController): Promise<string> {
    let isBegun = false;
    try {
      for await (const line of linesOf(one.address, COMMAND, this.#end.signal)) {
        if (isBegun) await this.#ports.onLine(line, one);
        else if (line !== 'OK') return `watch: ${line}`;
        else this.#onBegun(one);
        isBegun = true;
      }
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return error.message.replace(`${formatAddress(one.address)}: `, '');
    }
    return 'it has ended the connection';
  }

  #onBegun(one: WatchedController): void {
    if (this.#troubles.delete(one)) this.#ports.notice(`${nameOf(one)} is watched again`);
  }

  #onTrouble(one: WatchedController, trouble: string): void {
    const isNew = !this.#troubles.has(one);
    this.#troubles.set(one, trouble);
    if (this.#troubles.size === this.#all.length)
      throw new OperationError('UNREACHABLE', `no controller can be watched: ${this.#whatIsWrong()}`);
    if (isNew) this.#ports.notice(`${nameOf(one)} is not watched: ${trouble}`);
  }

  #whatIsWrong(): string {
    return [...this.#troubles].map(([one, trouble]) => `${nameOf(one)}: ${trouble}`).join('; ');
  }
}

function nameOf({ id, address }: WatchedController): string {
  return id === null ? formatAddress(address) : `controller ${id} (${formatAddress(address)})`;
}
