import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpPorts } from './http-ports.ts';
import type { HttpServer } from './routed-server.ts';

/** Those parts of fastify that take longest to load, in an order in which few of them load another one. */
const PARTS_OF_FASTIFY: readonly string[] = [
  'node:http',
  'node:http2',
  'node:https',
  'semver',
  'avvio',
  'ret',
  'find-my-way',
  '@fastify/proxy-addr',
  '@fastify/error',
  'fast-json-stringify/lib/serializer',
];

/** Parts of this room, each of which loads further ones, and then the server. */
const OWN_PARTS: readonly (() => Promise<unknown>)[] = [
  () => import('fastify'),
  () => import('./schemas/status.ts'),
  () => import('./routes/keys.ts'),
  () => import('./routes/events.ts'),
  () => import('./routes/routes.ts'),
];

/**
 * Loads the HTTP side in parts, and lets the event loop turn between two of them: the controller goes on serving
 * meanwhile. In one piece it would keep a busy controller from all else for longer than its peers wait for a heartbeat.
 */
export async function loadHttpServer(ports: HttpPorts): Promise<HttpServer> {
  const ofFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));
  for (const part of PARTS_OF_FASTIFY) {
    ofFastify(part);
    await nextTurn();
  }
  for (const load of OWN_PARTS) {
    await load();
    await nextTurn();
  }
  const { createHttpServer } = await import('./server.ts');
  await nextTurn();
  return createHttpServer(ports);
}
