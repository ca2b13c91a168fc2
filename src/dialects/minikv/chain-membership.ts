import type { FastifyInstance, FastifyRequest } from 'fastify';
import { IDS_END } from '../../base/number-kinds.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import {
  type Applicant,
  becomesVoter,
  type ChainHome,
  type ChainIdentity,
  type ChainPlace,
  ChainPlaces,
  type Members,
  membersNow,
  type NoPlace,
  patiently,
} from './chain-places.ts';
import { NODE_HOST, NODE_INDEX_MAX, nodePortOf } from './chain-ports.ts';

/** A node of a chain, as far as others that want to join it are concerned. */
export interface ChainNode extends ChainIdentity {
  /** Asks the node that this one follows for a place for another node; null at the head. */
  readonly askAhead: ((applicant: Applicant) => Promise<ChainPlace | NoPlace>) | null;
}

/** The node that follows this one, or is about to. */
interface Follower extends Applicant {
  /** The controller that it is; null before it has a place. */
  id: number | null;
  askedMs: number;
}

/** A node that has no place, and has not asked for one for so long, is gone, in milliseconds. */
const GONE_AFTER_MS = 5_000;

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Takes nodes into the chain that this node is one of:
 *
 *  1. A node that starts asks its predecessor for a place, by `/chain/nodes`. A predecessor that has not joined itself
 *     passes the question on to its own, by `/chain/places`. The first node on the way that is a member of the chain
 *     gives the place, so that several nodes can join at once.
 *  2. The new node runs as a controller that joins, and asks the members, by `/chain/voters`, to let it vote. All other
 *     controllers that join and have caught up get their votes with it.
 *
 * A head that starts, and a node whose predecessor is not there, ask all nodes that listen, by `/chain/home`, for a
 * chain that had a node with their index.
 */
export function chainMembership(own: ChainNode): RouteGroup {
  return (app: FastifyInstance, { self, known, readiness }: HttpPorts) => {
    const successor = new Successor();
    const places = new ChainPlaces(own);

    const placeFor = async (http: FastifyRequest, applicant: Applicant): Promise<ChainPlace> => {
      const isOutside = ({ controllers }: Members) =>
        !controllers.some((one) => one.id === self && one.votes);
      if (own.askAhead !== null && isOutside(await membersNow(http)))
        return placeIn(await own.askAhead(applicant));
      return patiently(() => places.step(http, applicant));
    };

    app.post('/chain/nodes', async (http, reply) => {
      const applicant = applicantIn(http);
      const follower = successor.admit(applicant, await membersNow(http));
      const place = await placeFor(http, applicant);
      follower.id = place.id;
      return reply.type(JSON_TYPE).send(JSON.stringify(place));
    });

    app.post('/chain/places', async (http, reply) => {
      return reply.type(JSON_TYPE).send(JSON.stringify(await placeFor(http, applicantIn(http))));
    });

    app.post('/chain/home', async (http, reply) => {
      const index = wholeIn(http, 'index', NODE_INDEX_MAX);
      const { configuration, votes } = known();
      const isOf = ({ host, port }: { readonly host: string; readonly port: number }) =>
        host === NODE_HOST && port === nodePortOf(index);
      if (!votes || !configuration.controllers.some(isOf))
        throw new HttpProblem('NOT_FOUND', `this is no member of a chain that node ${index} was in`);
      const takesWrites = readiness().writes.ready;
      const home: ChainHome = { chain: own.cluster, self, configuration, takesWrites };
      return reply.type(JSON_TYPE).send(JSON.stringify(home));
    });

    app.post('/chain/voters', async (http, reply) => {
      const id = wholeIn(http, 'id', IDS_END - 1);
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
      const { id } = follower;
      const isThere =
        id === null ? askedMs - follower.askedMs < GONE_AFTER_MS : controllers.some((one) => one.id === id);
      if (isThere) throw new HttpProblem('MEMBERS_FIXED', `node ${follower.index} follows that node already`);
    }
    if (follower?.index === index && follower.run === run) {
      follower.askedMs = askedMs;
      return follower;
    }
    this.#follower = { index, run, id: null, askedMs };
    return this.#follower;
  }
}

/** @throws HttpProblem where there is none */
function placeIn(answer: ChainPlace | NoPlace): ChainPlace {
  if ('id' in answer) return answer;
  throw new HttpProblem(answer.isRefused ? 'MEMBERS_FIXED' : 'MEMBERS_CHANGING', answer.reason);
}

function applicantIn(http: FastifyRequest): Applicant {
  return { index: wholeIn(http, 'index', NODE_INDEX_MAX), run: textIn(http, 'run') };
}

function textIn({ query }: FastifyRequest, name: string): string {
  const value = (query as Readonly<Record<string, unknown>>)[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new HttpProblem('MALFORMED', `the query needs one ${name}`);
}

function wholeIn(http: FastifyRequest, name: string, max: number): number {
  const text = textIn(http, name);
  if (/^\d{1,4}$/.test(text) && Number(text) <= max) return Number(text);
  throw new HttpProblem('MALFORMED', `${name} has to be a whole number of 0 to ${max}`);
}
