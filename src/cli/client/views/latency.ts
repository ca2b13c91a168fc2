import { OperationError } from '../../failure.ts';
import { pause, type ViewPorts } from './view.ts';

/** Between two round trips. */
const PING_INTERVAL_MS = 10;

/** How long a measurement takes that is no terminal's. */
const MEASURED_MS = 1000;
const HISTORY_MS = 15_000;

/** A terminal sees the line anew so often, in milliseconds. */
const DRAW_MS = 100;

/** Nothing but an answer: the controller asks nobody else. */
const PING = { bytes: Buffer.from('mn\r\n'), reply: 'item', writes: false, title: 'mn' } as const;

/**
 * `--latency`: the time of a round trip, over and over. On a terminal one line is kept up to date until the user stops
 * it; elsewhere there is one line after a second. `--latency-history` begins a new line in each interval.
 */
export async function latencyView(ports: ViewPorts, isHistory: boolean): Promise<void> {
  const { options, write, isTerminal, signal } = ports;
  const lineMs = options.intervalMs ?? (isHistory ? HISTORY_MS : MEASURED_MS);
  const lines = isHistory ? Number.POSITIVE_INFINITY : 1;
  const isEndless = isTerminal && !isHistory;
  for (let line = 0; line < lines && !signal.aborted; line++) {
    const times = new Times();
    const beganMs = performance.now();
    let drawnMs = beganMs;
    while (!signal.aborted && (isEndless || performance.now() - beganMs < lineMs)) {
      times.add(await roundTrip(ports));
      if (isTerminal && performance.now() - drawnMs >= DRAW_MS) {
        drawnMs = performance.now();
        await write(`\r${times.text()}\x1b[K`);
      }
      await pause(PING_INTERVAL_MS, signal);
    }
    const over = isHistory ? `  in ${((performance.now() - beganMs) / 1000).toFixed(1)} s` : '';
    await write(`${isTerminal ? '\r' : ''}${times.text()}${over}${isTerminal ? '\x1b[K' : ''}\n`);
  }
}

async function roundTrip({ session }: ViewPorts): Promise<number> {
  const beganMs = performance.now();
  const reply = await session.run(PING);
  if (reply === null) throw new OperationError('UNREACHABLE', 'the controller did not answer');
  return performance.now() - beganMs;
}

/** Round trips since the line began. */
export class Times {
  #least = Number.POSITIVE_INFINITY;
  #most = 0;
  #sum = 0;
  #count = 0;

  add(ms: number): void {
    this.#least = Math.min(this.#least, ms);
    this.#most = Math.max(this.#most, ms);
    this.#sum += ms;
    this.#count++;
  }

  text(): string {
    if (this.#count === 0) return 'no round trip yet';
    const [least, mean, most] = [this.#least, this.#sum / this.#count, this.#most].map((ms) => ms.toFixed(2));
    return `min ${least} ms, avg ${mean} ms, max ${most} ms, ${this.#count} round trips`;
  }
}
