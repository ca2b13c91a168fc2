import type { ControllerId } from '../../base/number-kinds.ts';
import { alignColumns } from '../../base/text-table.ts';
import { compareVersions, msOfVersionTime } from '../../ordering/version.ts';
import { addressTextOf } from '../../placement/configuration.ts';
import type { PendingRequest } from '../../replication/scheme.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import { sumOf } from '../metrics/group-figures.ts';
import { duration } from './status-table.ts';

/** What `show requests json` prints in one line. Fields are only ever added. */
export interface RequestsStatus {
  readonly pending: number;
  readonly completed: number;
  /** The oldest requests, at most `REQUESTS_SHOWN_MAX`. */
  readonly oldest: readonly RequestStatus[];
}

export interface RequestStatus {
  /** `set`, `delete`, `flush`, … */
  readonly kind: string;
  readonly key: string;
  /**
   * The difference between the clock of this controller and that of the origin when it stamped the request; 0
   * if negative.
   */
  readonly ageMs: number;
  /** The address of the controller that received the request from its client. */
  readonly origin: string;
  /**
   * The addresses of members of the view that have not acknowledged the request, as far as this controller
   * knows.
   */
  readonly unacknowledged: readonly string[];
}

/** A longer list would delay the requests of other clients. */
const REQUESTS_SHOWN_MAX = 100;

export function requestsOf({ core, clock }: ControllerParts): RequestsStatus {
  const wallMs = clock.wallMs();
  const addressOf = (node: ControllerId): string => addressTextOf(core.configuration, node);
  const oldest = oldestIn(core).map(({ kind, key, version, unacknowledged }) => ({
    kind,
    key: key ?? '',
    ageMs: Math.max(0, Math.round(wallMs - msOfVersionTime(version.time))),
    origin: addressOf(version.node),
    unacknowledged: unacknowledged.map(addressOf),
  }));
  const pending = sumOf(core, ({ scheme }) => scheme.pending);
  return { pending, completed: sumOf(core, ({ scheme }) => scheme.completed), oldest };
}

/** The oldest pending requests of all groups, the oldest first. */
function oldestIn({ groups }: Core): readonly PendingRequest[] {
  return groups.withEntries
    .flatMap(({ scheme }) => scheme.oldestPending(REQUESTS_SHOWN_MAX))
    .sort((a, b) => compareVersions(a.version, b.version))
    .slice(0, REQUESTS_SHOWN_MAX);
}

/** Renders the report as a human-readable table. */
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

/**
 * A key of the text protocol may contain any bytes except spaces and control characters; one of the binary
 * protocol may contain those too.
 */
function printableKey(key: string): string {
  if (key === '') return '-';
  return key.replace(/[^\x21-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
