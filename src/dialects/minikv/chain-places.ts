import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import { askLocal } from '../../http/key-requests.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { WantedMembers } from '../../protocol/request.ts';
import { NODE_HOST, nodePortOf } from './chain-ports.ts';

/** What the nodes of one chain have in common. */
export interface ChainIdentity {
  /** The name of the cluster that the chain is. Each head that is started makes a new one. */
  readonly cluster: string;
  /** The index of the node that the chain began with. */
  readonly founder: number;
}

/** The place that a node gets in a chain. */
export interface ChainPlace extends ChainIdentity {
  readonly id: number;
  /** The configuration of the chain, with this controller in it, as `member json` tells it. */
  readonly configuration: object;
}

/** What a member of a chain tells a node that was in it. */
export interface ChainHome {
  /** The name of the chain. */
  readonly chain: string;
  /** The id of this member. */
  readonly self: number;
  /** The newest one that this member knows. */
  readonly configuration: ReturnType<HttpPorts['known']>['configuration'];
  readonly takesWrites: boolean;
}

/** Why there is no place for a node. */
export interface NoPlace {
  /** It is no use to ask again at once. */
  readonly isRefused: boolean;
  readonly reason: string;
}

/** A node that asks for a place. */
export interface Applicant {
  readonly index: number;
  /** Tells a process from one before it with the same index. */
  readonly run: string;
}

/** The part of what `member json` tells that matters here. */
export interface Members {
  readonly controllers: readonly { readonly id: number; readonly address: string; readonly votes: boolean }[];
  /** Null: there is no view, or none with another configuration than that of the start. */
  readonly agreed: object | null;
}

/** The places that this node has given to others. */
export class ChainPlaces {
  readonly #own: ChainIdentity;
  /** By the index of the node. */
  readonly #given = new Map<number, { readonly run: string; readonly id: number }>();

  constructor(own: ChainIdentity) {
    this.#own = own;
  }

  /** One step towards a place for the node. @returns null until it has one */
  async step(http: FastifyRequest, { index, run }: Applicant): Promise<ChainPlace | null> {
    const { controllers, agreed } = await membersNow(http);
    const address = addressOfNode(index);
    const there = controllers.find((one) => one.address === address);
    if (there === undefined) {
      await change(http, { come: address, go: null });
      const joined = (await membersNow(http)).controllers.find((one) => one.address === address);
      if (joined !== undefined) this.#given.set(index, { run, id: joined.id });
      return null;
    }
    const given = this.#given.get(index);
    if (given?.run === run && given.id === there.id && agreed !== null)
      return { ...this.#own, id: there.id, configuration: agreed };
    // The process that had that port before has ended.
    await change(http, { come: null, go: `${there.id}` });
    return null;
  }
}

/** The address of the controller that the node with this index is. */
function addressOfNode(index: number): string {
  return `${NODE_HOST}:${nodePortOf(index)}`;
}

/** One step towards a vote for the controller. @returns null until it votes */
export async function becomesVoter(http: FastifyRequest, id: number): Promise<true | null> {
  const { controllers, agreed } = await membersNow(http);
  const found = controllers.find((one) => one.id === id);
  if (found === undefined && agreed !== null)
    throw new HttpProblem('NOT_FOUND', `there is no controller ${id}`);
  if (found?.votes === true) return true;
  await change(http, { come: `${id}`, go: null, allThatJoin: true });
  return true;
}

export async function membersNow(http: FastifyRequest): Promise<Members> {
  const reply = await askLocal(http, { kind: 'member', change: null, format: 'json' });
  if (reply.kind !== 'lines') throw new HttpProblem('INTERNAL', 'the controllers cannot be listed');
  return JSON.parse(reply.lines.join('')) as Members;
}

async function change(http: FastifyRequest, wanted: WantedMembers): Promise<void> {
  const reply = await askLocal(http, { kind: 'member', change: wanted, format: 'json' });
  if (reply.kind === 'client_error') throw new HttpProblem('MEMBERS_FIXED', reply.reason);
}

/** A request that cannot be carried out now is refused after this time, in milliseconds. Its node asks again. */
const ANSWERED_WITHIN_MS = 1_000;

/** How often a change that cannot be made at this moment is tried again, in milliseconds. */
const PAUSE_MS = 10;

/**
 * Repeats a step until it has a result. Steps may be repeated whatever became of them.
 *
 * @throws HttpProblem the last reason for which there is none, or one that does not pass
 */
export async function patiently<T>(step: () => Promise<T | null>): Promise<T> {
  const endMs = performance.now() + ANSWERED_WITHIN_MS;
  for (;;) {
    let reason = new HttpProblem('MEMBERS_CHANGING', 'the controllers of the chain are changing');
    try {
      const result = await step();
      if (result !== null) return result;
    } catch (error) {
      if (!(error instanceof HttpProblem) || FINAL.includes(error.code)) throw error;
      reason = error;
    }
    if (performance.now() >= endMs) throw reason;
    await sleep(PAUSE_MS);
  }
}

const FINAL: readonly HttpProblem['code'][] = ['MEMBERS_FIXED', 'NOT_FOUND', 'MALFORMED', 'INTERNAL'];
