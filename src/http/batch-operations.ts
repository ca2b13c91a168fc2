import { exceedsItemLimit } from '../protocol/limits.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storageRequest,
} from '../protocol/make-request.ts';
import type { Request, StorageVerb } from '../protocol/request.ts';
import { exptimeOf } from './expiry.ts';
import type { HttpPorts } from './http-ports.ts';
import { checkedKey } from './key-requests.ts';
import { keyOfUnicode } from './key-text.ts';
import { numberOfDigits } from './numbers.ts';
import { HttpProblem } from './problems.ts';
import type { ReadOptions } from './request-headers.ts';

/** What one operation of a batch does. */
export const OPERATIONS = [
  'get',
  'set',
  'add',
  'replace',
  'append',
  'prepend',
  'delete',
  'touch',
  'increment',
  'decrement',
] as const;

/** One operation of a batch, as its schema lets it through. Which fields have a meaning depends on `op`. */
export interface BatchOperation {
  readonly op: (typeof OPERATIONS)[number];
  readonly key: string;
  readonly value?: string;
  readonly valueBase64?: string;
  readonly flags?: number;
  readonly ttlSeconds?: number;
  /** Of a `set` or `delete`: it happens only if the entry has this token. */
  readonly token?: string;
  readonly by?: string;
  readonly initial?: string;
}

type OperationPorts = Pick<HttpPorts, 'bodyBytesMax' | 'timeMs'>;

/** @param options what reads ask for @throws HttpProblem */
export function requestOf(operation: BatchOperation, options: ReadOptions, ports: OperationPorts): Request {
  const { op, by = '1', initial } = operation;
  const key = keyOf(operation);
  const exptime = exptimeOf(operation.ttlSeconds ?? null, ports.timeMs());
  const compare = operation.token === undefined ? null : numberOfDigits(operation.token);
  switch (op) {
    case 'get':
      return { ...readItemRequest(key), onlyLooks: true, ...options };
    case 'set':
      return storing(compare === null ? 'set' : 'cas', key, operation, exptime, compare, ports);
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return storing(op, key, operation, exptime, null, ports);
    case 'delete':
      return { ...deleteRequest(key), compare };
    case 'touch':
      return { kind: 'touch', key, exptime, noreply: false };
    case 'increment':
    case 'decrement':
      return {
        ...arithmeticRequest(op === 'increment' ? 'incr' : 'decr', key, numberOfDigits(by)),
        initial: initial === undefined ? null : { value: numberOfDigits(initial), exptime },
        wantsToken: true,
      };
  }
}

function keyOf({ key: text }: BatchOperation): string {
  const key = keyOfUnicode(text);
  if (key === null)
    throw new HttpProblem('MALFORMED', `"${text}" is no key: % has to be followed by two digits`);
  return checkedKey(key);
}

function storing(
  verb: StorageVerb,
  key: string,
  { value, valueBase64, flags = 0 }: BatchOperation,
  exptime: number,
  compare: bigint | null,
  { bodyBytesMax }: OperationPorts,
): Request {
  if ((value === undefined) === (valueBase64 === undefined))
    throw new HttpProblem('MALFORMED', `give "value" or "valueBase64" to ${verb} a value`);
  const bytes = value === undefined ? Buffer.from(valueBase64!, 'base64') : Buffer.from(value, 'utf8');
  if (exceedsItemLimit(key.length, flags, bytes.length, bodyBytesMax))
    throw new HttpProblem(
      'VALUE_TOO_LARGE',
      `an entry would be larger than ${bodyBytesMax} bytes (item_size_max)`,
    );
  return { ...storageRequest(verb, key, flags, exptime, bytes, compare), wantsToken: true };
}
