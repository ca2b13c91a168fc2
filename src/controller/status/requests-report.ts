import { alignColumns } from '../../base/text-table.ts';
import { msOfVersionTime } from '../../ordering/version.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { nameOf } from '../settings.ts';
import { duration } from './status-table.ts';

/** What `show requests json` prints, one line. Fields are only ever added. */
export interface RequestsStatus {
  readonly pending: number;
  readonly completed: number;
  /** The oldest of them, at most `REQUESTS_SHOWN_MAX`. */
  readonly oldest: readonly RequestStatus[];
}

export interface RequestStatus {
  /** `set`, `delete`, `flush`, … */
  readonly kind: string;
  readonly key: string;
  /** By the clocks of the origin and of this controller; 0 where those disagree. */
  readonly ageMs: number;
  /** The address of the controller that it was sent to. */
  readonly origin: string;
  /** Addresses of the members of the view that have not acknowledged it, as far as this controller knows. */
  readonly unacknowledged: readonly string[];
}

/** More would hold up what the controller is there for. */
const REQUESTS_SHOWN_MAX = 100;

export function requestsOf({ core, settings: { peers }, clock }: ControllerParts): RequestsStatus {
  const { scheme } = core;
  const wallMs = clock.wallMs();
  const addressOf = (node: number): string => {
    const address = peers[node];
    return address === undefined ? String(node) : nameOf(address);
  };
  const oldest = scheme.oldestPending(REQUESTS_SHOWN_MAX).map(({ kind, key, version, unacknowledged }) => ({
    kind,
    key: key ?? '',
    ageMs: Math.max(0, Math.round(wallMs - msOfVersionTime(version.time))),
    origin: addressOf(version.node),
    unacknowledged: unacknowledged.map(addressOf),
  }));
  return { pending: scheme.pending, completed: scheme.completed, oldest };
}

/** The same as a table for people. */
export function renderRequests({ pending, completed, oldest }: RequestsStatus): string {
  const shown = oldest.length < pending ? `, the oldest ${oldest.length} of them` : '';
  const head = `requests  ${pending} pending${shown}; ${completed} completed`;
  if (oldest.length === 0) return head;
  return [head, '', ...alignColumns([COLUMNS, ...oldest.map(rowOf)])].join('\n');
}

const COLUMNS = ['REQUEST', 'KEY', 'AGE', 'ORIGIN', 'NOT ACKNOWLEDGED BY'] as const;

function rowOf({ kind, key, ageMs, origin, unacknowledged }: RequestStatus): readonly string[] {
  const lacking = unacknowledged.length === 0 ? '-' : unacknowledged.join(', ');
  return [kind, printableKey(key), duration(ageMs), origin, lacking];
}

/** A key may hold any bytes but spaces and control characters of the text protocol; a binary client's holds those too. */
function printableKey(key: string): string {
  if (key === '') return '-';
  return key.replace(/[^\x21-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
