// The types of this package let the schema of a route have a summary, tags and an id.
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { HttpClient } from '../http-client.ts';
import type { HttpPorts } from '../http-ports.ts';
import type { OtherControllers } from '../other-controllers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The connection that the request has come by. */
    client: HttpClient;
  }
}

/** Adds the routes of one subject. Each has a schema: it checks what comes in, and describes the route to clients. */
export type RouteGroup = (app: FastifyInstance, ports: HttpPorts, others: OtherControllers) => void;
