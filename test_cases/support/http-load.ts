import { eventually } from './eventually.ts';

/** Clients of each controller. */
const CLIENTS_PER_CONTROLLER = 3;

/**
 * Clients that write keys of their own over HTTP and read them again. An answer that is not what it should be is an
 * error; so is a request without an answer.
 */
export class HttpLoad {
  answers = 0;
  readonly errors: string[] = [];
  readonly #ports: number[] = [];
  readonly #readsFrom: 'all' | 'own';
  readonly #tasks: Promise<void>[] = [];
  #isStopping = false;

  /** @param readsFrom whether a key is read on any controller that is used, or on the one where it was written */
  constructor(readsFrom: 'all' | 'own') {
    this.#readsFrom = readsFrom;
  }

  /** Uses one more controller from now on. */
  use(port: number): void {
    this.#ports.push(port);
    for (let at = 0; at < CLIENTS_PER_CONTROLLER; at++)
      this.#tasks.push(this.#run(port, `http-${port}-${at}`));
  }

  /** Resolves once so many more requests were answered. */
  async moreAnswers(count: number): Promise<void> {
    const from = this.answers;
    await eventually(() => this.answers >= from + count || this.errors.length > 0);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#tasks);
  }

  async #run(port: number, key: string): Promise<void> {
    for (let turn = 1; !this.#isStopping; turn++) {
      const readAt = this.#readsFrom === 'own' ? port : this.#ports[turn % this.#ports.length]!;
      try {
        await this.#ask(
          `PUT at ${port}`,
          204,
          '',
          fetch(urlOf(port, key), { method: 'PUT', body: `${turn}` }),
        );
        await this.#ask(`GET at ${readAt}`, 200, `${turn}`, fetch(urlOf(readAt, key)));
      } catch (error) {
        this.errors.push(`${key} at ${port} and ${readAt}: ${(error as Error).cause ?? error}`);
      }
    }
  }

  async #ask(what: string, status: number, body: string, asked: Promise<Response>): Promise<void> {
    const answer = await asked;
    const text = await answer.text();
    this.answers++;
    if (answer.status !== status || text !== body) this.errors.push(`${what}: ${answer.status} ${text}`);
  }
}

function urlOf(port: number, key: string): string {
  return `http://127.0.0.1:${port}/v1/keys/${key}`;
}
