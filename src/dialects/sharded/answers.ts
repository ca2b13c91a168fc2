import type { FastifyReply } from 'fastify';

/** An answer of the interface. */
export interface ShardedAnswer {
  readonly status: number;
  /** As JSON text, or as an object that becomes one. */
  readonly body: string | object;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export function send(reply: FastifyReply, { status, body }: ShardedAnswer): FastifyReply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return reply.code(status).type(JSON_TYPE).send(text);
}

export function ok(body: object): ShardedAnswer {
  return { status: 200, body };
}

/** @param method in which the error is said to be */
export function failed(status: number, error: string, method: string): ShardedAnswer {
  return { status, body: { error, message: `Error in ${method}` } };
}

export function missing(method: string): ShardedAnswer {
  return {
    status: 404,
    body: { doesExist: false, error: 'Key does not exist', message: `Error in ${method}` },
  };
}

/** No node of the key's shard can be reached. */
export const SHARD_UNREACHABLE: ShardedAnswer = { status: 406, body: { message: "Couldn't find the shard" } };

/** The cluster cannot do this now, or not yet at all. */
export function unable(method: string): ShardedAnswer {
  return failed(503, 'Unable to satisfy request', method);
}
