import type { FastifyRequest } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import { jsonIn } from '../json-text.ts';
import { BAD_JSON, type KvsAnswer, VALUE_MISSING } from './answers.ts';

/** The `value` of the body as text in JSON; what to answer where there is none. */
export function valueTextIn(http: FastifyRequest): string | KvsAnswer {
  const body = bodyOf(http);
  if (body.length === 0) return VALUE_MISSING;
  try {
    const parsed = jsonIn(body);
    if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, 'value'))
      return VALUE_MISSING;
    return JSON.stringify((parsed as { readonly value: unknown }).value);
  } catch {
    return BAD_JSON;
  }
}

/** The token of the session that the body names; null for an empty context, or one that no node has given. */
export function contextIn(http: FastifyRequest): string | null {
  try {
    const parsed = jsonIn(bodyOf(http)) as ContextBody | null;
    const token = parsed?.['causal-context']?.session;
    return typeof token === 'string' && token !== '' ? token : null;
  } catch {
    return null;
  }
}

interface ContextBody {
  readonly 'causal-context'?: { readonly session?: unknown } | null;
}
