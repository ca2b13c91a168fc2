import type { Outcome, Reply } from '../protocol/reply.ts';
import type { BatchOperation } from './batch-operations.ts';
import { HttpProblem } from './problems.ts';

/** The result of one operation of a batch. `status` is what a request for it alone would be answered with. */
export interface BatchResult {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly mayHaveHappened?: boolean;
  readonly token?: string;
  readonly flags?: number;
  readonly ttlSeconds?: number;
  /** The value, if it is text in UTF-8; else `valueBase64`. */
  readonly value?: string;
  readonly valueBase64?: string;
  /** After counting. */
  readonly number?: string;
}

export function resultOf(reply: Reply, operation: BatchOperation): BatchResult {
  switch (reply.kind) {
    case 'item': {
      const { value, flags, cas, ttl } = reply.item;
      const life = ttl < 0 ? {} : { ttlSeconds: ttl };
      return { status: 200, token: String(cas), flags, ...life, ...textOrBytes(value) };
    }
    case 'number':
      return { status: 200, token: String(reply.cas), number: String(reply.value) };
    case 'outcome':
      return done(reply.outcome, operation) ?? { status: 204, ...tokenOf(reply.cas) };
    case 'server_error':
      return failedBy(HttpProblem.of(reply));
    case 'client_error':
      return failedBy(new HttpProblem(reply.code ?? 'NOT_A_NUMBER', reply.reason));
    case 'hits':
    case 'line':
    case 'lines':
    case 'stats':
      throw new Error(`no operation of a batch is answered with ${reply.kind}`);
  }
}

/** Why the operation has not happened; null when it has. */
function done(outcome: Outcome, { op, token }: BatchOperation): BatchResult | null {
  const joins = op === 'append' || op === 'prepend';
  switch (outcome) {
    case 'not_found':
      return failedBy(
        token === undefined ? new HttpProblem('NOT_FOUND', 'the key has no entry') : unlikeAsked(),
      );
    case 'not_stored':
      return failedBy(
        joins
          ? new HttpProblem('NOT_STORED', 'the key has no entry, or its value would become too large')
          : unlikeAsked(),
      );
    case 'exists':
      return failedBy(unlikeAsked());
    case 'stored':
    case 'deleted':
    case 'touched':
    case 'ok':
      return null;
  }
}

function unlikeAsked(): HttpProblem {
  return new HttpProblem('PRECONDITION_FAILED', 'the entry is not as the operation asks for');
}

function failedBy({ body: { status, code, detail, mayHaveHappened } }: HttpProblem): BatchResult {
  return { status, code, detail, mayHaveHappened };
}

function tokenOf(cas: bigint | undefined): Pick<BatchResult, 'token'> {
  return cas === undefined ? {} : { token: String(cas) };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOrBytes(value: Buffer): Pick<BatchResult, 'value' | 'valueBase64'> {
  try {
    return { value: UTF8.decode(value) };
  } catch {
    return { valueBase64: value.toString('base64') };
  }
}
