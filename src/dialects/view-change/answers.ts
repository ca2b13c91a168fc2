import type { FastifyReply } from 'fastify';

/** Methods by which a key is used. */
export type KeyMethod = 'PUT' | 'GET' | 'DELETE';

/** An answer of the interface. Clients compare bodies exactly, so nothing may be in one that is not here. */
export interface KvsAnswer {
  readonly status: number;
  /** In JSON, without the closing brace. */
  readonly open: string;
}

export const ADDED = answerOf(201, { message: 'Added successfully', replaced: false });
export const UPDATED = answerOf(200, { message: 'Updated successfully', replaced: true });
export const DELETED = answerOf(200, { doesExist: true, message: 'Deleted successfully' });
export const VALUE_MISSING = answerOf(400, { error: 'Value is missing', message: 'Error in PUT' });
export const KEY_TOO_LONG = answerOf(400, { error: 'Key is too long', message: 'Error in PUT' });
export const BAD_JSON = answerOf(400, { error: 'Bad json format', message: 'Error in PUT' });

export function found(valueText: string): KvsAnswer {
  return { status: 200, open: `{"doesExist":true,"message":"Retrieved successfully","value":${valueText}` };
}

export function missing(method: KeyMethod): KvsAnswer {
  return answerOf(404, { doesExist: false, error: 'Key does not exist', message: `Error in ${method}` });
}

/** The node that must hold the key cannot be reached. */
export function mainIsDown(method: string): KvsAnswer {
  return answerOf(503, { error: 'Main instance is down', message: `Error in ${method}` });
}

/** A key that cannot be served in time, or a read that would break causality. */
export function unable(status: 400 | 503, method: string): KvsAnswer {
  return answerOf(status, { error: 'Unable to satisfy request', message: `Error in ${method}` });
}

export function answerOf(status: number, body: object): KvsAnswer {
  return { status, open: JSON.stringify(body).slice(0, -1) };
}

/** What may stand in an answer beside its own fields. */
export interface AnswerDetails {
  /** Of the node that has served the request; null when the asked one has. */
  readonly address?: string | null;
  /** What the client is to send with its next request. */
  readonly context?: object;
}

/** The body in JSON. */
export function bodyOfAnswer({ open }: KvsAnswer, { address = null, context }: AnswerDetails = {}): string {
  const addressed = address === null ? open : `${open},"address":${JSON.stringify(address)}`;
  return context === undefined
    ? `${addressed}}`
    : `${addressed},"causal-context":${JSON.stringify(context)}}`;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export function send(reply: FastifyReply, answer: KvsAnswer, details: AnswerDetails = {}): FastifyReply {
  return reply.code(answer.status).type(JSON_TYPE).send(bodyOfAnswer(answer, details));
}
