import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { own } from '../processes.ts';

/**
 * System calls that transfer bytes. The polls of the event loop are not counted, because their number depends
 * on timing.
 */
const READS = ['read', 'readv', 'recvfrom', 'recvmsg'];
const WRITES = ['write', 'writev', 'sendto', 'sendmsg'];

/** Why system calls cannot be counted here; null when they can. */
export function traceObstacle(): string | null {
  const { error, status } = spawnSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' });
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? null : 'strace is not allowed to trace';
}

/** Calls on sockets, by the other end. */
export interface SocketCalls {
  readonly reads: number;
  readonly writes: number;
  /** The writes to other controllers: each is one frame or several. */
  readonly peerWrites: number;
}

/**
 * @param trace the output of `strace -yy`
 * @param others ports of other ends that are not controllers: of the client and the store
 */
export function socketCallsIn(trace: string, others: ReadonlySet<number>): SocketCalls {
  const calls = { reads: 0, writes: 0, peerWrites: 0 };
  for (const [, name, port] of trace.matchAll(/^(\w+)\(\d+<TCP:\[[^\]]*->[^\]]*:(\d+)\]>/gm)) {
    if (READS.includes(name!)) calls.reads++;
    if (!WRITES.includes(name!)) continue;
    calls.writes++;
    if (!others.has(Number(port))) calls.peerWrites++;
  }
  return calls;
}

/** Runs strace on the main thread of a process, where a controller does its work. */
export class Trace {
  readonly #strace: ChildProcess;
  readonly #file: string;

  private constructor(strace: ChildProcess, file: string) {
    this.#strace = strace;
    this.#file = file;
  }

  /** Resolves once strace is attached. */
  static async attach(pid: number, file: string): Promise<Trace> {
    const calls = `trace=${[...READS, ...WRITES].join(',')}`;
    const words = ['-yy', '-s', '0', '-e', calls, '-o', file, '-p', `${pid}`];
    const strace = own(spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] }));
    const [said] = (await once(strace.stderr!, 'data')) as [Buffer];
    if (!said.includes('attached')) throw new Error(`strace: ${said.toString().trim()}`);
    return new Trace(strace, file);
  }

  /** Detaches strace. @returns its output */
  async end(): Promise<string> {
    const ended = once(this.#strace, 'exit');
    this.#strace.kill('SIGINT');
    await ended;
    return readFileSync(this.#file, 'utf8');
  }
}
