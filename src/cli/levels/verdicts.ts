import { findCausalViolation } from '../../checkers/causal-convergence.ts';
import { findDifference } from '../../checkers/convergence.ts';
import { fewest, orphansIn } from '../../checkers/fewest.ts';
import type { History } from '../../checkers/history.ts';
import { findNonLinearizableKey } from '../../checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../checkers/sequential-consistency.ts';
import { joined, type SessionHistory } from '../../checkers/session-history.ts';
import { LEVELS, type Level } from '../../placement/level.ts';
import type { RecordedRequest, Recording } from './recording.ts';

/** What the checker of a level says of a recording. */
export interface LevelVerdict {
  readonly level: Level;
  /** Why the level forbids it, as a sentence without its full stop; null when the level allows it. */
  readonly forbidden: string | null;
}

type Requests = readonly RecordedRequest[];

/** The checker of a level. */
interface LevelChecker {
  /** Whether the level forbids that clients see this. */
  readonly forbids: (requests: Requests, recording: Recording) => boolean;
  /** What is wrong then; the requests that show it follow. */
  readonly why: string;
}

const CHECKERS: Readonly<Record<Level, LevelChecker>> = {
  linearizability: {
    forbids: (requests) => findNonLinearizableKey(historyOf(requests)) !== null,
    why: 'no order of the requests that agrees with real time explains the answers',
  },
  sequential: {
    forbids: (requests) => !isSequentiallyConsistent(historyOf(requests)),
    why: 'no single order of all requests explains the answers',
  },
  causal: {
    forbids: (requests) => findCausalViolation(sessionsOf(requests)) !== null,
    why: 'a client saw an effect without its cause',
  },
  eventual: {
    forbids: (requests, { ends }) =>
      typeof joined(sessionsOf(requests)) === 'string' || findDifference(ends) !== null,
    why: 'a value was read that nobody wrote, or the controllers did not end up equal',
  },
};

/** What the checkers say, in the order of the levels. */
export function verdictsOn(recording: Recording): LevelVerdict[] {
  return LEVELS.map((level) => {
    const { forbids, why } = CHECKERS[level];
    const isForbidden = (requests: Requests): boolean => forbids(requests, recording);
    if (!isForbidden(recording.requests)) return { level, forbidden: null };
    return {
      level,
      forbidden: `${why}: ${fewestOf(recording.requests, isForbidden).map(inWords).join(', ')}`,
    };
  });
}

/** A history is a few requests, so that every one of them can be tried. */
function fewestOf(requests: Requests, isForbidden: (requests: Requests) => boolean): Requests {
  const { part } = fewest(requests, {
    isWrong: isForbidden,
    withoutOrphans: orphansIn(requests, ({ kind }) => kind === 'get'),
    groupings: [],
    triesMax: Number.POSITIVE_INFINITY,
  });
  return part;
}

function inWords({ client, kind, key, value }: RecordedRequest): string {
  if (kind === 'set') return `${client} set ${key}=${value}`;
  return value === null ? `${client} found no ${key}` : `${client} got ${key}=${value}`;
}

function historyOf(requests: Requests): History {
  const clients = [...new Set(requests.map(({ client }) => client))];
  return requests.map(({ client, key, kind, value, sentMs, answeredMs }) => ({
    client: clients.indexOf(client),
    key,
    action: kind === 'set' ? { kind, value: value ?? '' } : { kind },
    answer: kind === 'set' ? { kind: 'word', word: 'stored' } : { kind: 'value', value },
    invokedAt: sentMs,
    returnedAt: answeredMs,
  }));
}

function sessionsOf(requests: Requests): SessionHistory {
  const clients = [...new Set(requests.map(({ client }) => client))];
  return requests.map(({ client, key, kind, value }) => ({
    session: clients.indexOf(client),
    key,
    kind: kind === 'set' ? 'write' : 'read',
    value,
  }));
}
