import { HttpProblem } from '../problems.ts';
import { COUNT, described, object, TEXT } from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

interface Typed {
  readonly commands: string;
  readonly controller?: number;
}

const TYPED = object(
  {
    commands: described('commands of the memcached text protocol, each with its line end', {
      ...TEXT,
      // A binary request, another request of HTTP, or the link of a peer begins with another byte.
      pattern: '^[a-z]',
    }),
    controller: described('the id of the controller that carries them out; without it, this one', COUNT),
  },
  ['controller'],
);

/** Commands of the text protocol for those who have no other client at hand: the console of the dashboard. */
export const consoleRoutes: RouteGroup = (app, { self, addresses, runCommands }) => {
  app.post<{ Body: Typed }>(
    '/v1/console',
    {
      schema: {
        operationId: 'console',
        summary: 'Has a controller carry out commands of the memcached text protocol, as one client',
        tags: ['console'],
        body: TYPED,
        response: { 200: object({ answer: described('as the controller sent it, read as UTF-8', TEXT) }) },
      },
    },
    async (request, reply) => {
      const { commands, controller = self } = request.body;
      if (!addresses().some(({ id }) => id === controller))
        throw new HttpProblem('MALFORMED', `there is no controller ${controller}`);
      const answer = await runCommands(controller, commands);
      if (answer !== null) return reply.send({ answer });
      throw new HttpProblem('COMMAND_UNANSWERED', `controller ${controller} did not answer completely`);
    },
  );
};
