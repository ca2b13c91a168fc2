import type { FastifyRequest } from 'fastify';
import type { WantedMembers } from '../../protocol/request.ts';
import { askLocal } from '../key-requests.ts';
import { HttpProblem } from '../problems.ts';
import { PROBLEM } from '../schemas/problem.ts';
import { listOf, object, TEXT, YES_OR_NO } from '../schemas/schema.ts';
import { MEMBERS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

interface AddRoute {
  Body: { readonly controller: string; readonly zone?: string };
}

interface RemoveRoute {
  Params: { readonly controller: string };
}

interface ForcedRoute {
  Body: { readonly controllers: readonly string[]; readonly confirmed?: boolean };
}

const FORCED = object({ controllers: listOf(TEXT), confirmed: YES_OR_NO }, ['confirmed']);

const TOLD = object({ done: YES_OR_NO, told: listOf(TEXT), members: MEMBERS });

/** The controllers, and which of them vote. */
export const memberRoutes: RouteGroup = (app, { members }) => {
  const carryOut = async (http: FastifyRequest, change: WantedMembers): Promise<object> => {
    const answer = await askLocal(http, { kind: 'member', change, format: 'json' });
    if (answer.kind === 'client_error') throw new HttpProblem('MEMBERS_FIXED', answer.reason);
    return members();
  };

  app.get(
    '/v1/members',
    {
      schema: {
        operationId: 'members',
        summary: 'The controllers, and which of them vote',
        tags: ['cluster'],
        response: { 200: MEMBERS },
      },
    },
    (_, reply) => reply.send(members()),
  );

  app.post<AddRoute>(
    '/v1/members',
    {
      schema: {
        operationId: 'addMember',
        summary:
          'Has a controller vote that does not; one that is not known at its address joins, and votes once it is added again',
        tags: ['cluster'],
        body: object({ controller: TEXT, zone: TEXT }, ['zone']),
        response: { 200: MEMBERS, 409: PROBLEM },
      },
    },
    async (http, reply) => {
      const { controller: come, ...more } = http.body;
      return reply.send(await carryOut(http, { come, go: null, ...more }));
    },
  );

  app.delete<RemoveRoute>(
    '/v1/members/:controller',
    {
      schema: {
        operationId: 'removeMember',
        summary:
          'Has a controller vote no more, by its id or its address; one that was added is dropped for good',
        tags: ['cluster'],
        params: object({ controller: TEXT }),
        response: { 200: MEMBERS, 409: PROBLEM },
      },
    },
    async (http, reply) => reply.send(await carryOut(http, { come: null, go: http.params.controller })),
  );
};

/** Controllers that are gone for good, and with them the majority. */
export const forcedRoutes: RouteGroup = (app, { members }) => {
  app.post<ForcedRoute>(
    '/v1/members/forced-removal',
    {
      schema: {
        operationId: 'forceMembersOut',
        summary:
          'Drops controllers that are gone for good where no majority is left; tells what may be lost, and does it only if that is confirmed',
        tags: ['cluster'],
        body: FORCED,
        response: { 200: TOLD, 409: PROBLEM },
      },
    },
    async (http, reply) => {
      const { controllers, confirmed = false } = http.body;
      const forced = { lost: controllers, isConfirmed: confirmed };
      const change = { come: null, go: null, forced };
      const answer = await askLocal(http, { kind: 'member', change, format: 'json' });
      if (answer.kind === 'client_error') throw new HttpProblem('MEMBERS_FIXED', answer.reason);
      const told = answer.kind === 'lines' ? answer.lines : [];
      return reply.send({ done: confirmed, told, members: members() });
    },
  );
};
