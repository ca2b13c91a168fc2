import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastOf } from '../../base/last-of.ts';
import type { HttpAddress } from '../authorities.ts';
import { type PageFile, readPageFiles } from '../dashboard/page-files.ts';
import { HttpProblem } from '../problems.ts';
import type { RouteGroup } from './route-group.ts';

/** The dashboard: the page at `/`, and its files below `/dashboard/`. */
export const dashboardRoutes: RouteGroup = (app, { addresses, hosts }) => {
  const policy = lastOf((controllers: readonly HttpAddress[]) => contentPolicy(controllers, hosts));
  let files: Promise<ReadonlyMap<string, PageFile>> | null = null;
  const send = async (path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    files ??= readPageFiles();
    const file = (await files).get(path);
    if (file === undefined) throw new HttpProblem('ROUTE_UNKNOWN', `the dashboard has no file ${path}`);
    return sendFile(file, policy(addresses()), request, reply);
  };
  app.get('/', { schema: { hide: true } }, (request, reply) => send('index.html', request, reply));
  app.get<{ Params: { readonly '*': string } }>(
    '/dashboard/*',
    { schema: { hide: true } },
    (request, reply) => send(request.params['*'], request, reply),
  );
};

function sendFile(
  file: PageFile,
  policy: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    // Each use asks whether the file is still the same, so that a new release is there with the next look at the page.
    'cache-control': 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding, origin',
  });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  reply.type(file.type);
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return takesGzip ? reply.header('content-encoding', 'gzip').send(file.gzipped) : reply.send(file.bytes);
}

/**
 * What the page may load and ask: files of the controller that served it, and the controllers of the cluster. It can't
 * run scripts that are part of a page, nor fetch anything from elsewhere, whatever a key or a value contains.
 */
function contentPolicy(addresses: readonly HttpAddress[], hosts: readonly string[]): string {
  const controllers = addresses.flatMap((address) => originsOf(address, hosts));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${[...new Set(controllers)].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

/** Without addresses of version 6, which a policy cannot name. */
function originsOf({ host, port, httpPort }: HttpAddress, hosts: readonly string[]): string[] {
  const names = LOOPBACK.includes(host) ? [...LOOPBACK, ...hosts] : [host, ...hosts];
  const ports = httpPort === 0 ? [port] : [port, httpPort];
  return names
    .filter((name) => !name.includes(':'))
    .flatMap((name) => ports.map((one) => `http://${name}:${one}`));
}

const LOOPBACK = ['localhost', '127.0.0.1'];
