import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { askLocal } from '../../http/key-requests.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import type { Configuration } from '../../placement/configuration.ts';
import type { WantedMembers } from '../../protocol/request.ts';
import { NODE_HOST, NODE_INDEX_MAX, nodePortOf } from './chain-ports.ts';

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
  /** The controllers of the chain, this one among them. */
  readonly configuration: Configuration;
}

/** A node that asks for a place. */
interface Applicant {
  readonly index: number;
  /** Tells a process from one before it with the same index. */
  readonly run: string;
}

/** The node that follows this one, or is about to. */
interface Follower extends Applicant {
  /** The controller that it is; null before it has a place. */
  id: number | null;
  askedMs: number;
}

/** The part of what `member json` tells that matters here. */
interface Members {
  readonly controllers: readonly { readonly id: number; readonly address: string; readonly votes: boolean }[];
  readonly agreed: Configuration | null;
}

/** A request that cannot be carried out now is refused after this time, in milliseconds. Its node asks again. */
const ANSWERED_WITHIN_MS = 1_000;

/** How often a change that cannot be made at this moment is tried again, in milliseconds. */
const PAUSE_MS = 10;

/** A node that has no place, and has not asked for one for so long, is gone, in milliseconds. */
const GONE_AFTER_MS = 5_000;

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Takes nodes into the chain that this node is one of. A node that starts asks the one that it is to follow for a
 * place. Once it runs, it asks any node of the chain to let it vote.
 */
export function chainMembership(own: ChainIdentity): RouteGroup {
  return (app: FastifyInstance) => {
    const successor = new Successor();

    app.post('/chain/nodes', async (http, reply) => {
      const applicant = { index: wholeIn(http, 'index', NODE_INDEX_MAX), run: textIn(http, 'run') };
      const place = await patiently(() => placeFor(http, own, successor, applicant));
      return reply.type(JSON_TYPE).send(JSON.stringify(place));
    });

    app.post('/chain/voters', async (http, reply) => {
      const id = wholeIn(http, 'id', ID_MAX);
      await patiently(() => becomesVoter(http, id));
      return reply.type(JSON_TYPE).send('{}');
    });
  };
}

/**
 * A node has one successor. That is known to this process alone: it is a rule for the command lines of nodes, and the
 * chain does not depend on it, since a controller that joins becomes the tail whomever it has asked.
 */
class Successor {
  #follower: Follower | null = null;

  /** @throws HttpProblem where another node follows this one */
  admit({ index, run }: Applicant, { controllers }: Members): Follower {
    const askedMs = performance.now();
    const follower = this.#follower;
    if (follower !== null && follower.index !== index) {
      const isThere =
        follower.id === null
          ? askedMs - follower.askedMs < GONE_AFTER_MS
          : controllers.some(({ id }) => id === follower.id);
      if (isThere) throw new HttpProblem('MEMBERS_FIXED', `node ${follower.index} follows that node already`);
    }
    if (follower?.index === index && follower.run === run) follower.askedMs = askedMs;
    else this.#follower = { index, run, id: null, askedMs };
    return this.#follower!;
  }
}

/** One step towards a place for the node. @returns null until it has one */
async function placeFor(
  http: FastifyRequest,
  own: ChainIdentity,
  successor: Successor,
  applicant: Applicant,
): Promise<ChainPlace | null> {
  const members = await membersNow(http);
  const follower = successor.admit(applicant, members);
  const address = `${NODE_HOST}:${nodePortOf(applicant.index)}`;
  const there = members.controllers.find((one) => one.address === address);
  if (there === undefined) {
    await change(http, { come: address, go: null });
    const { controllers } = await membersNow(http);
    follower.id = controllers.find((one) => one.address === address)?.id ?? null;
    return null;
  }
  const { agreed } = members;
  if (there.id === follower.id && agreed !== null) return { ...own, id: there.id, configuration: agreed };
  // A process before this one had that port, and has ended.
  await change(http, { come: null, go: `${there.id}` });
  return null;
}

/** One step towards a vote for the controller. @returns null until it votes */
async function becomesVoter(http: FastifyRequest, id: number): Promise<true | null> {
  const { controllers, agreed } = await membersNow(http);
  const found = controllers.find((one) => one.id === id);
  if (found === undefined && agreed !== null)
    throw new HttpProblem('NOT_FOUND', `there is no controller ${id}`);
  if (found?.votes === true) return true;
  await change(http, { come: `${id}`, go: null });
  return true;
}

async function membersNow(http: FastifyRequest): Promise<Members> {
  const reply = await askLocal(http, { kind: 'member', change: null, format: 'json' });
  if (reply.kind !== 'lines') throw new HttpProblem('INTERNAL', 'the controllers cannot be listed');
  return JSON.parse(reply.lines.join('')) as Members;
}

async function change(http: FastifyRequest, wanted: WantedMembers): Promise<void> {
  const reply = await askLocal(http, { kind: 'member', change: wanted, format: 'json' });
  if (reply.kind === 'client_error') throw new HttpProblem('MEMBERS_FIXED', reply.reason);
}

/**
 * Repeats a step until it has a result. Steps may be repeated whatever became of them.
 *
 * @throws HttpProblem the last reason for which there is none, or one that does not pass
 */
async function patiently<T>(step: () => Promise<T | null>): Promise<T> {
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

/** Ids of controllers are below 256. */
const ID_MAX = 255;

function textIn({ query }: FastifyRequest, name: string): string {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new HttpProblem('MALFORMED', `the query needs one ${name}`);
}

function wholeIn(http: FastifyRequest, name: string, max: number): number {
  const text = textIn(http, name);
  if (/^\d{1,3}$/.test(text) && Number(text) <= max) return Number(text);
  throw new HttpProblem('MALFORMED', `${name} has to be a whole number of 0 to ${max}`);
}
