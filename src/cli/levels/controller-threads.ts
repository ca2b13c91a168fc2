import { Worker } from 'node:worker_threads';
import type { Address, Settings } from '../../controller/settings.ts';
import type { Way } from '../../transport/holding-transport.ts';
import { OperationError } from '../failure.ts';
import { CODE_CACHE_DIRECTORY } from '../locations.ts';
import type { NumberedOrder, Order, ThreadAnswer } from './controller-thread.ts';

/** The way from one controller to another. */
export interface LinkWay {
  readonly from: number;
  readonly to: number;
}

type Settle = (failure: string | null) => void;

/** One thread, and the orders that it has not answered yet. */
interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Settle>;
}

/**
 * Controllers in threads of this process, one in each: they have event loops, sockets and stores of their own, as
 * processes have, and none outlives this process. Links between them can be held back.
 */
export class ControllerThreads {
  readonly #threads: readonly Thread[];
  readonly #onFailure: (reason: string) => void;
  #addresses: readonly Address[] = [];
  #lastOrder = 0;
  #isClosed = false;

  /** @param onFailure called when a controller ends, or fails, without having been told to */
  constructor(count: number, onFailure: (reason: string) => void) {
    this.#onFailure = onFailure;
    this.#threads = Array.from({ length: count }, (_, id) => this.#startThread(id));
  }

  /**
   * Starts a controller in each thread. Resolves once they listen. They are started in the order of their ids: a
   * controller calls those with lower ids, which listen by then, so that all hear each other at once.
   *
   * @throws OperationError
   */
  async start(all: readonly Settings[]): Promise<void> {
    this.#addresses = all[0]!.peers;
    for (const settings of all) await this.#tell(settings.self, { kind: 'start', settings });
  }

  /** Ends the controllers; the threads stay. @throws OperationError */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((_, id) => this.#tell(id, { kind: 'stop' })));
  }

  /** What the one sends does not reach the other until `release`; none of it is lost. @throws OperationError */
  async hold(link: LinkWay): Promise<void> {
    await this.#tell(callerOf(link), { kind: 'hold', way: this.#wayOf(link) });
  }

  /** @throws OperationError */
  async release(link: LinkWay): Promise<void> {
    await this.#tell(callerOf(link), { kind: 'release', way: this.#wayOf(link) });
  }

  /** Ends all threads at once, whatever they do. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #startThread(id: number): Thread {
    const worker = new Worker(new URL('./controller-thread.ts', import.meta.url), {
      env: { ...process.env, NODE_COMPILE_CACHE: CODE_CACHE_DIRECTORY },
    });
    const waiting = new Map<number, Settle>();
    const fail = (reason: string): void => {
      for (const settle of waiting.values()) settle(reason);
      waiting.clear();
      if (!this.#isClosed) this.#onFailure(`controller ${id}: ${reason}`);
    };
    worker.on('message', ({ number, failure }: ThreadAnswer) => {
      if (number === null) return fail(failure ?? 'it ended');
      waiting.get(number)?.(failure);
      waiting.delete(number);
    });
    worker.on('error', (error) => fail(error.message));
    worker.on('exit', () => fail('its thread ended'));
    return { worker, waiting };
  }

  #tell(id: number, order: Order): Promise<void> {
    const { worker, waiting } = this.#threads[id]!;
    const number = ++this.#lastOrder;
    return new Promise((resolve, reject) => {
      waiting.set(number, (failure) => {
        if (failure === null) return resolve();
        const text = `controller ${id} did not ${order.kind}: ${failure}`;
        reject(new OperationError('CONTROLLER_NOT_STARTED', text));
      });
      worker.postMessage({ number, order } satisfies NumberedOrder);
    });
  }

  /** As the caller sees it: of each pair, the controller with the higher id makes the connection. */
  #wayOf(link: LinkWay): Way {
    const isSent = callerOf(link) === link.from;
    const other = isSent ? link.to : link.from;
    return { address: this.#addresses[other]!, direction: isSent ? 'sent' : 'received' };
  }
}

function callerOf({ from, to }: LinkWay): number {
  return Math.max(from, to);
}
