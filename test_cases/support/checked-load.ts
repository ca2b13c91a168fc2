import { TextClient } from './text-client.ts';

/** Notes an answer that is not the one that is wanted. */
export type Compare = (what: string, wanted: string, found: string | null) => void;

/** One turn of a load: asks the controller, and compares what it answers. */
export type Turn = (client: TextClient, turn: number, compare: Compare) => Promise<void>;

/** A client of one controller that takes one turn after the other until it is stopped. Every answer has to be right. */
export class CheckedLoad {
  readonly wrong: string[] = [];
  answers = 0;
  readonly #running: Promise<void>;
  #isStopping = false;

  constructor(port: number, turn: Turn) {
    this.#running = this.#run(port, turn);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async #run(port: number, take: Turn): Promise<void> {
    using client = await TextClient.connect(port);
    const compare: Compare = (what, wanted, found) => this.#compare(what, wanted, found);
    for (let turn = 0; !this.#isStopping; turn++) await take(client, turn, compare);
  }

  #compare(what: string, wanted: string, found: string | null): void {
    this.answers++;
    if (found !== wanted) this.wrong.push(`${what} is ${found} and not ${wanted}`);
  }
}
