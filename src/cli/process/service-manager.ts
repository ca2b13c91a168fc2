import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * What systemd is told of a service of `Type=notify`: that it is ready, how it is, that it ends, and, where it asks for
 * that, every so often that it is alive.
 *
 * Node.js has no datagram sockets of the Unix kind, so that systemd's own program sends the messages. It is run by a
 * shell that waits for lines, because to start a process from here would stop a controller with a large heap for some
 * milliseconds each time. The shell ends with this process, whose end closes its input.
 */
export class ServiceManager {
  readonly #sender: ChildProcess;
  readonly #watchdog: NodeJS.Timeout | null;
  #telling: NodeJS.Timeout | null = null;
  #status = '';

  /** @returns null when nothing waits for messages */
  static of(environment: NodeJS.ProcessEnv, onError: (reason: string) => void): ServiceManager | null {
    const { NOTIFY_SOCKET } = environment;
    if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return null;
    return new ServiceManager(watchdogMs(environment), onError);
  }

  private constructor(watchdogMs: number | null, onError: (reason: string) => void) {
    this.#sender = spawn('sh', ['-c', SENDER], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#sender.unref();
    this.#sender.once('error', (error) => onError(error.message));
    this.#sender.stderr!.once('data', (chunk: Buffer) => onError(chunk.toString().trim()));
    (this.#sender.stderr as Socket).unref();
    this.#sender.stdin!.on('error', () => {});
    this.#watchdog = watchdogMs === null ? null : setInterval(() => this.#send('WATCHDOG=1'), watchdogMs / 2);
    this.#watchdog?.unref();
  }

  /** The controller listens. Whether the cluster is ready is another matter: its other members may not run yet. */
  becomeReady(): void {
    this.#send('READY=1');
  }

  /** @param state in one line, which `systemctl status` shows; the same one again is not sent */
  follow(state: () => string): void {
    this.#telling = setInterval(() => {
      const words = state();
      if (words !== this.#status) this.#send(`STATUS=${words}`);
      this.#status = words;
    }, TELL_EVERY_MS).unref();
  }

  becomeStopping(): void {
    for (const timer of [this.#watchdog, this.#telling]) clearInterval(timer ?? undefined);
    this.#send('STOPPING=1');
    this.#sender.stdin!.end();
  }

  #send(line: string): void {
    if (this.#sender.stdin!.writable) this.#sender.stdin!.write(`${line.replaceAll('\n', ' ')}\n`);
  }
}

/** How often the state is looked at, in milliseconds. */
const TELL_EVERY_MS = 500;

/** Signals to the group of the service are the controller's: the shell ends when its input does. */
const SENDER = 'trap "" INT TERM HUP; while IFS= read -r line; do systemd-notify "$line"; done';

/** `WATCHDOG_PID` names the process that is watched, when it is not every one of the service. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return null;
  const microseconds = Number(WATCHDOG_USEC);
  return microseconds > 0 ? microseconds / 1000 : null;
}
