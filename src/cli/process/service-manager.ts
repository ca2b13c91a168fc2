import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Tells systemd about a service of `Type=notify`: that it is ready, its state, that it stops, and, if systemd
 * asks for it, at intervals that it is alive.
 *
 * Node.js has no Unix datagram sockets, so systemd's own program sends the messages. A shell that waits for
 * lines runs that program, because starting a process from here would stop a controller with a large heap for
 * some milliseconds each time. The shell ends when its input is closed, at the latest with this process.
 */
export class ServiceManager {
  readonly #sender: ChildProcess;
  readonly #watchdog: NodeJS.Timeout | null;
  #telling: NodeJS.Timeout | null = null;
  #status = '';

  /** @returns null when no service manager waits for messages */
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

  /** The controller listens. The cluster may not be ready yet, because other members may not run yet. */
  becomeReady(): void {
    this.#send('READY=1');
  }

  /** @param state in one line, which `systemctl status` shows; it is sent again only when it has changed */
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

/** How often the state is checked, in milliseconds. */
const TELL_EVERY_MS = 500;

/**
 * Ignores the signals that systemd sends to the whole service, because they concern the controller: the shell
 * ends when its input does.
 */
const SENDER = 'trap "" INT TERM HUP; while IFS= read -r line; do systemd-notify "$line"; done';

/**
 * The interval of systemd's watchdog; null when this process is not watched. `WATCHDOG_PID` names the watched
 * process, unless all processes of the service are watched.
 */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return null;
  const microseconds = Number(WATCHDOG_USEC);
  return microseconds > 0 ? microseconds / 1000 : null;
}
