import type { FastifyReply, FastifyRequest } from 'fastify';
import { KEY_BYTES_MAX } from '../protocol/limits.ts';
import type { Reply } from '../protocol/reply.ts';
import type { LocalRequest, Request, RequestSession } from '../protocol/request.ts';
import { keyOfSegment } from './key-text.ts';
import { HttpProblem } from './problems.ts';
import { HEADERS, sessionIn, timeoutIn } from './request-headers.ts';

/** A route whose path names a key. */
export interface KeyRoute {
  Params: { readonly key: string };
}

/** The key that the path of the request names, in latin-1. @throws HttpProblem */
export function keyIn({ params }: FastifyRequest<KeyRoute>): string {
  return checkedKey(keyOfSegment(params.key));
}

/** @throws HttpProblem when no entry can have the key */
export function checkedKey(key: string): string {
  if (key.length > 0 && key.length <= KEY_BYTES_MAX) return key;
  throw new HttpProblem('KEY_REFUSED', `a key has 1 to ${KEY_BYTES_MAX} bytes; this one has ${key.length}`);
}

/**
 * Carries the requests out for the client of the HTTP request, as its headers ask, and tells the session. Each request
 * belongs to the session that the headers name.
 */
export async function askAll(
  http: FastifyRequest,
  reply: FastifyReply,
  requests: readonly Request[],
): Promise<readonly Reply[]> {
  const withinMs = timeoutIn(http.headers);
  const session = sessionIn(http.headers);
  const last = requests.length - 1;
  // The token of the session after the last request is that after all of them.
  const silent = session === null ? null : { ...session, wantsToken: false };
  const all = requests.map((request, at) =>
    session === null ? request : { ...request, session: at === last ? session : silent! },
  );
  const replies = await answersTo(http, all, withinMs);
  tellSession(reply, session);
  return replies;
}

/** As `askAll`, of one request. An error of the cluster is thrown. @throws HttpProblem */
export async function ask(http: FastifyRequest, reply: FastifyReply, request: Request): Promise<Reply> {
  const [answer] = await askAll(http, reply, [request]);
  return unlessFailed(answer!);
}

/** Carries out a request that touches no entry. An error of the cluster is thrown. @throws HttpProblem */
export async function askLocal(http: FastifyRequest, request: LocalRequest): Promise<Reply> {
  const [answer] = await answersTo(http, [request], timeoutIn(http.headers));
  if (answer!.kind === 'server_error') throw HttpProblem.of(answer!);
  return answer!;
}

/** @throws HttpProblem for a reply that is an error */
export function unlessFailed(reply: Reply): Reply {
  if (reply.kind === 'server_error') throw HttpProblem.of(reply);
  if (reply.kind !== 'client_error') return reply;
  throw new HttpProblem(reply.code ?? 'NOT_A_NUMBER', reply.reason);
}

function answersTo(
  { client }: FastifyRequest,
  requests: readonly Request[],
  withinMs: number | null,
): Promise<readonly Reply[]> {
  return new Promise((resolve) => client.ask(requests, withinMs, resolve));
}

function tellSession(reply: FastifyReply, session: RequestSession | null): void {
  if (session !== null && session.given !== '') reply.header(HEADERS.session, session.given);
}
