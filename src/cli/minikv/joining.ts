import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerEnd } from '../../controller/end-request.ts';
import type { Applicant, ChainPlace, NoPlace } from '../../dialects/minikv/chain-places.ts';
import { nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { type Configuration, configurationFlaw } from '../../placement/configuration.ts';
import { OperationError } from '../failure.ts';
import { askNode, type ChainAnswer } from './chain-question.ts';
import { formerChainOf } from './former-chain.ts';

/** How often another node is asked again, in milliseconds. */
const ASK_EVERY_MS = 50;

/** What a node waits for is logged if it waits for so long, in milliseconds, and each time that it changes. */
const TOLD_AFTER_MS = 2_000;

/** A node that joins starts anew if no node of the chain could take it in for so long, in milliseconds. */
const HOPELESS_AFTER_MS = 3_000;

/** These say that the chain serves, and that the node has to wait. */
const HOPEFUL: readonly string[] = ['CATCHING_UP', 'MEMBERS_CHANGING'];

/** The place of this node. */
export interface OwnPlace extends ChainPlace {
  readonly configuration: Configuration;
}

/** How a node that is started gets into a chain. */
export class Joining {
  readonly #index: number;
  readonly #applicant: Applicant;
  readonly #startedMs = performance.now();
  #waitsFor = 'this node is starting';
  #told = '';

  constructor(index: number) {
    this.#index = index;
    this.#applicant = { index, run: randomBytes(6).toString('hex') };
  }

  /** Why this node does not serve yet. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  /**
   * The place of a head in the chain that it was in before. Waits for a chain that may go on.
   *
   * @returns null where there is no such chain
   */
  async formerPlace(): Promise<OwnPlace | null> {
    for (;;) {
      const former = await this.#askFormerChain();
      if (former === null) return null;
      if (former.kind === 'done') return placeOf(former.body);
      await this.#wait(former);
    }
  }

  /**
   * Asks until that node has taken this one into its chain, however long that takes. If that node is not there, and the
   * chain goes on without both, another node is asked.
   */
  async placeBehind(predecessor: number): Promise<OwnPlace> {
    for (;;) {
      const answer = await askForPlace(predecessor, 'nodes', this.#applicant);
      if (answer.kind === 'done') return placeOf(answer.body);
      const isThere = answer.kind !== 'absent' && answer.kind !== 'silent';
      const former = isThere ? null : await this.#askFormerChain();
      if (former?.kind === 'done') return placeOf(former.body);
      await this.#wait(former ?? answer);
    }
  }

  /** @returns null where there is no chain that this node was in before, nor will be */
  async #askFormerChain(): Promise<ChainAnswer | null> {
    const former = await formerChainOf(this.#index);
    if (former.kind === 'goes-on') return askForPlace(former.node, 'places', this.#applicant);
    return former.kind === 'ended' ? null : { kind: 'later', code: 'NO_MAJORITY', reason: former.reason };
  }

  /**
   * Asks the nodes of the chain until this one votes. They take it in once it has what they have.
   *
   * @returns a promise that resolves if that will never be
   */
  async voteIn({ id, configuration }: OwnPlace): Promise<ControllerEnd> {
    const others = configuration.controllers.filter((one) => one.id !== id).toReversed();
    let hopefulMs = performance.now();
    for (let turn = 0; performance.now() - hopefulMs < HOPELESS_AFTER_MS; turn++) {
      const { port } = others[turn % others.length]!;
      const answer = await askNode(port - nodePortOf(0), `voters?id=${id}`);
      if (answer.kind === 'done') return new Promise(() => {});
      if (answer.kind === 'unknown') return leaving('the chain has removed this node');
      if (answer.kind === 'later' && HOPEFUL.includes(answer.code)) hopefulMs = performance.now();
      if (answer.kind === 'refused') hopefulMs = performance.now();
      await this.#wait(answer);
    }
    return leaving('the chain that this node was joining has no majority any more');
  }

  #wait(answer: ChainAnswer): Promise<void> {
    const reason = 'reason' in answer ? answer.reason : 'no node of the chain is there';
    this.#waitsFor = `this node has not joined the chain yet: ${reason}`;
    if (reason !== this.#told && performance.now() - this.#startedMs >= TOLD_AFTER_MS) {
      this.#told = reason;
      process.stderr.write(`node ${this.#index} waits: ${reason}\n`);
    }
    return sleep(ASK_EVERY_MS);
  }
}

/** Passes the question of another node on to the one that this one follows. */
export async function placeAhead(predecessor: number, applicant: Applicant): Promise<ChainPlace | NoPlace> {
  const answer = await askForPlace(predecessor, 'places', applicant);
  if (answer.kind === 'done') return answer.body as ChainPlace;
  const reason = 'reason' in answer ? answer.reason : `node ${predecessor} is none of a chain`;
  return { isRefused: answer.kind === 'refused', reason };
}

function askForPlace(
  node: number,
  what: 'nodes' | 'places',
  { index, run }: Applicant,
): Promise<ChainAnswer> {
  return askNode(node, `${what}?index=${index}&run=${run}`);
}

/** @throws OperationError when another program, or another release, has answered */
function placeOf(body: unknown): OwnPlace {
  const place = body as OwnPlace;
  const flaw = configurationFlaw(place.configuration);
  if (flaw === null) return place;
  throw new OperationError('NOT_RUNNING', `the place in the chain is no good: ${flaw}`);
}

function leaving(reason: string): ControllerEnd {
  return { kind: 'start-empty', group: 0, reason };
}
