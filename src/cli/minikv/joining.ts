import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerEnd } from '../../controller/end-request.ts';
import type { Applicant, ChainPlace } from '../../dialects/minikv/chain-places.ts';
import { nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { HttpProblem } from '../../http/problems.ts';
import { askNode } from './chain-question.ts';

/** How often another node is asked again, in milliseconds. */
const ASK_EVERY_MS = 50;

/** What a node waits for is logged if it waits for so long, in milliseconds, and each time that it changes. */
const TOLD_AFTER_MS = 2_000;

/** How a node that is started gets into a chain. */
export class Joining {
  readonly #index: number;
  /** Tells this process from one before it with the same index. */
  readonly #run = randomBytes(6).toString('hex');
  readonly #startedMs = performance.now();
  #waitsFor = 'this node is starting';
  #told = '';

  constructor(index: number) {
    this.#index = index;
  }

  /** Why this node does not serve yet. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  /** Asks until that node has taken this one into its chain, however long that takes. */
  async placeBehind(predecessor: number): Promise<ChainPlace> {
    for (;;) {
      const answer = await askNode(predecessor, `nodes?index=${this.#index}&run=${this.#run}`);
      if (answer.kind === 'done') return answer.body as ChainPlace;
      this.#wait(answer.kind === 'unknown' ? `node ${predecessor} is none of a chain` : answer.reason);
      await sleep(ASK_EVERY_MS);
    }
  }

  /**
   * Asks the nodes of the chain until this one votes. They take it in once it has what they have.
   *
   * @returns a promise that resolves if this one is none of the chain any more
   */
  async voteIn({ id, configuration }: ChainPlace): Promise<ControllerEnd> {
    const others = configuration.controllers.filter((one) => one.id !== id).toReversed();
    for (let turn = 0; ; turn++) {
      const { port } = others[turn % others.length]!;
      const answer = await askNode(port - nodePortOf(0), `voters?id=${id}`);
      if (answer.kind === 'done') return new Promise(() => {});
      if (answer.kind === 'unknown')
        return { kind: 'start-empty', group: 0, reason: 'the chain has removed this node while it joined' };
      this.#wait(answer.reason);
      await sleep(ASK_EVERY_MS);
    }
  }

  #wait(reason: string): void {
    this.#waitsFor = `this node has not joined the chain yet: ${reason}`;
    if (reason === this.#told || performance.now() - this.#startedMs < TOLD_AFTER_MS) return;
    this.#told = reason;
    process.stderr.write(`node ${this.#index} waits: ${reason}\n`);
  }
}

/** Passes the question of another node on to the one that this one follows. @throws HttpProblem */
export async function placeAhead(predecessor: number, { index, run }: Applicant): Promise<ChainPlace> {
  const answer = await askNode(predecessor, `places?index=${index}&run=${run}`);
  switch (answer.kind) {
    case 'done':
      return answer.body as ChainPlace;
    case 'refused':
      throw new HttpProblem('MEMBERS_FIXED', answer.reason);
    case 'later':
      throw new HttpProblem('MEMBERS_CHANGING', answer.reason);
    case 'unknown':
      throw new HttpProblem('MEMBERS_CHANGING', `node ${predecessor} is none of a chain`);
  }
}
