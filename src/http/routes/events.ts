import type { FastifyReply, FastifyRequest } from 'fastify';
import { outOfMemory } from '../body.ts';
import { EventStream, STREAM_BYTES_MAX } from '../events/event-stream.ts';
import { FollowedEvents } from '../events/followed-controller.ts';
import { OwnEvents } from '../events/own-events.ts';
import { type Positions, positionsIn } from '../events/positions.ts';
import type { HttpPorts } from '../http-ports.ts';
import { HttpProblem } from '../problems.ts';
import { ALWAYS_MS, LAST_MS } from '../schemas/events.ts';
import { described, object, TEXT } from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

/** Most clients that follow the events of all controllers at once: each of them costs every controller a connection. */
const FOLLOWERS_MAX = 16;

const EVENT_STREAM = 'text/event-stream';

const STREAM = {
  description:
    'server-sent events without an end: each line of the log as it is written, and what concerns the stream itself',
  content: { [EVENT_STREAM]: { schema: TEXT } },
};

const SCHEMA = {
  tags: ['cluster'],
  querystring: object({ ms: LAST_MS }, ['ms']),
  headers: {
    type: 'object',
    properties: { 'last-event-id': described('goes on behind this event, whatever `ms` says', TEXT) },
  },
  response: { 200: STREAM },
};

type WithMs = { readonly Querystring: { readonly ms?: number } };

/** What happens, while it happens, as server-sent events. */
export const eventRoutes: RouteGroup = (app, ports) => {
  let followers = 0;

  app.get<WithMs>('/v1/controllers/self/events', {
    schema: {
      operationId: 'ownEvents',
      summary: 'What happens on this controller, as server-sent events; first what its log still has',
      ...SCHEMA,
    },
    handler: (request, reply) => {
      const positions = positionsOf(request);
      return answer(request, reply, positions, (stream) => addOwn(stream, ports, positions, msOf(request)));
    },
  });

  app.get<WithMs>('/v1/events', {
    schema: {
      operationId: 'events',
      summary: 'What happens on all controllers, as server-sent events; first what their logs still have',
      ...SCHEMA,
    },
    handler: (request, reply) => {
      const positions = positionsOf(request);
      if (followers >= FOLLOWERS_MAX)
        throw new HttpProblem('TOO_MANY_STREAMS', `${FOLLOWERS_MAX} clients follow all controllers already`);
      return answer(request, reply, positions, (stream) => {
        followers++;
        stream.once('close', () => followers--);
        addOwn(stream, ports, positions, msOf(request));
        addOthers(stream, ports, positions, msOf(request));
      });
    },
  });
};

/** @throws HttpProblem when there is no memory for a stream */
function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  positions: Positions,
  addSources: (stream: EventStream) => void,
): FastifyReply {
  reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).type(EVENT_STREAM);
  if (request.method === 'HEAD') return reply.send('');
  if (!request.client.hold(STREAM_BYTES_MAX)) throw outOfMemory();
  const stream = new EventStream(positions);
  addSources(stream);
  request.client.onEnding(() => stream.finish('the controller ends'));
  return reply.send(stream);
}

function addOwn(stream: EventStream, { self, events }: HttpPorts, positions: Positions, ms: number): void {
  stream.add(new OwnEvents(self, events, positions.get(self) ?? null, ms, () => stream.wake()));
}

function addOthers(
  stream: EventStream,
  { self, addresses }: HttpPorts,
  positions: Positions,
  ms: number,
): void {
  for (const address of addresses()) {
    const { id } = address;
    if (id === self) continue;
    const from = positions.get(id) ?? null;
    stream.add(new FollowedEvents({ id, address }, from, ms, () => stream.wake()));
  }
}

function positionsOf({ headers }: FastifyRequest): Positions {
  return positionsIn(`${headers['last-event-id'] ?? ''}`);
}

function msOf({ query }: { readonly query: unknown }): number {
  return (query as WithMs['Querystring']).ms ?? ALWAYS_MS;
}
