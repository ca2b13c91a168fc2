import type { Wire, WireHandlers, WireRoom } from '../participants/wire.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How long a frame is on its way, in milliseconds of the lab's time. */
const LATENCY_MS = 1;

/** Connections within one process, on virtual time. */
export class VirtualRoom implements WireRoom {
  readonly #time: VirtualTime;
  readonly #listeners: ((wire: Wire) => WireHandlers)[] = [];

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  nowMs(): number {
    return this.#time.nowMs;
  }

  async listen(onWire: (wire: Wire) => WireHandlers): Promise<number> {
    this.#listeners.push(onWire);
    return this.#listeners.length - 1;
  }

  async dial(port: number, handlers: WireHandlers): Promise<Wire> {
    const onWire = this.#listeners[port];
    if (onWire === undefined) throw new Error(`nothing listens on port ${port}`);
    const caller = new VirtualWire(this.#time);
    const called = new VirtualWire(this.#time);
    caller.join(called, handlers);
    called.join(caller, onWire(called));
    return caller;
  }
}

class VirtualWire implements Wire {
  readonly #time: VirtualTime;
  #other: VirtualWire | null = null;
  #handlers: WireHandlers | null = null;
  #isClosed = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  join(other: VirtualWire, handlers: WireHandlers): void {
    this.#other = other;
    this.#handlers = handlers;
  }

  send(frame: Buffer): void {
    const other = this.#other;
    if (this.#isClosed || other === null) return;
    this.#time.after(LATENCY_MS, () => other.receive(frame));
  }

  close(): void {
    const other = this.#other;
    if (this.#isClosed || other === null) return;
    this.end();
    this.#time.after(LATENCY_MS, () => other.end());
  }

  receive(frame: Buffer): void {
    if (!this.#isClosed) this.#handlers?.onFrame(frame);
  }

  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers?.onClosed();
  }
}
