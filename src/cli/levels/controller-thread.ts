import { type MessagePort, parentPort } from 'node:worker_threads';
import { type Controller, startController } from '../../controller/controller.ts';
import { type ClosableLogger, createLogger } from '../../controller/log/logger.ts';
import type { Settings } from '../../controller/settings.ts';
import { HoldingTransport, type Way } from '../../transport/holding-transport.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';
import { reasonOf } from '../failure.ts';

/** What the thread is told to do. It runs one controller at a time. */
export type Order =
  | { readonly kind: 'start'; readonly settings: Settings }
  | { readonly kind: 'hold' | 'release'; readonly way: Way }
  | { readonly kind: 'stop' };

/** An order, with a number by which its answer is known. */
export interface NumberedOrder {
  readonly number: number;
  readonly order: Order;
}

export interface ThreadAnswer {
  /** The order that this answers; null when the controller has to end without an order. */
  readonly number: number | null;
  /** Why the order could not be carried out, or why the controller has to end; null when all is well. */
  readonly failure: string | null;
}

/** A controller with the connections that it makes, and its log. */
interface Running {
  readonly controller: Controller;
  readonly transport: HoldingTransport;
  readonly logger: ClosableLogger;
}

/** Carries out the orders that come by a port, one after the other. */
class ControllerThread {
  readonly #port: MessagePort;
  #running: Running | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', ({ number, order }: NumberedOrder) => {
      this.#last = this.#last
        .then(() => this.#carryOut(order))
        .then(
          () => this.#answer({ number, failure: null }),
          (error: unknown) => this.#answer({ number, failure: reasonOf(error) }),
        );
    });
  }

  #answer(answer: ThreadAnswer): void {
    this.#port.postMessage(answer);
  }

  async #carryOut(order: Order): Promise<void> {
    switch (order.kind) {
      case 'start':
        return this.#start(order.settings);
      case 'hold':
        return this.#running?.transport.hold(order.way);
      case 'release':
        return this.#running?.transport.release(order.way);
      case 'stop':
        return this.#stop();
    }
  }

  async #start(settings: Settings): Promise<void> {
    const logger = createLogger(settings);
    const transport = new HoldingTransport(NODE_TRANSPORT);
    const controller = await startController(settings, null, logger, null, transport);
    this.#running = { controller, transport, logger };
    void controller.mustEnd.then(({ reason }) => this.#answer({ number: null, failure: reason }));
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    await running.controller.close();
    await running.logger.close();
  }
}

if (parentPort !== null) new ControllerThread(parentPort);
