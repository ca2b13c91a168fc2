import type { FastifyRequest } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import { HttpProblem } from '../../http/problems.ts';
import { jsonIn } from '../json-text.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a body; none where there is no body, or no object. @throws HttpProblem for a body that is no JSON */
export function fieldsIn(http: FastifyRequest): Fields {
  const body = bodyOf(http);
  if (body.length === 0) return {};
  try {
    const parsed = jsonIn(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Fields) : {};
  } catch {
    throw new HttpProblem('MALFORMED', 'the body is no JSON');
  }
}

/** The value as text in JSON; null where there is none. */
export function valueTextIn({ value }: Fields): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** Empty for none. @throws HttpProblem for metadata that no node has given */
export function metadataIn(fields: Fields): string {
  const metadata = fields['causal-metadata'] ?? '';
  if (typeof metadata === 'string') return metadata;
  throw new HttpProblem('TOKEN_BROKEN', 'causal-metadata is no text');
}

/** The address of a view request, under either of its names; null where there is none. */
export function addressIn(fields: Fields): string | null {
  const address = fields.SA ?? fields['socket-address'];
  return typeof address === 'string' && address.trim() !== '' ? address.trim() : null;
}

/** The number of shards that is asked for; null where there is none. */
export function shardCountIn(fields: Fields): number | null {
  const count = Number(fields['shard-count'] ?? Number.NaN);
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}
