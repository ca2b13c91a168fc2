import { counted } from '../../base/text-table.ts';
import { findCausalViolation } from '../../checkers/causal-convergence.ts';
import { fewest, orphansIn } from '../../checkers/fewest.ts';
import type { Event } from '../../checkers/history.ts';
import { checkLinearizability } from '../../checkers/linearizability.ts';
import { findOrderContradiction, judgeOrder, type VersionedEvent } from '../../checkers/sequential-order.ts';
import { findRegression, type Seen } from '../../checkers/session-order.ts';
import type { Level } from '../../placement/level.ts';
import type { DrillOperation, DrillRecord } from './drill-record.ts';
import { withLosses } from './lossy-kills.ts';

/** What the checkers say of a drill. */
export type DrillVerdict =
  | { readonly kind: 'kept' }
  | {
      readonly kind: 'broken';
      /** What is wrong, as a sentence without its full stop. */
      readonly why: string;
      /** The few operations that show it, in the order in which they were sent. */
      readonly proof: readonly DrillOperation[];
      /** None of them can be left out. */
      readonly isMinimal: boolean;
    }
  | { readonly kind: 'undecided'; readonly why: string };

type Operations = readonly DrillOperation[];

/** Whether a part of a history is wrong by itself. */
type IsWrong = (part: Operations) => boolean;

/** How long the search for the fewest operations may take, in milliseconds. */
const SHRINK_MS = 30_000;
const SHRINK_TRIES_MAX = 5_000;

/** Compares what the clients saw with what the level promises, and with what every level promises. */
export function judgeDrill(level: Level, record: DrillRecord): DrillVerdict {
  const { operations, finals } = withLosses(record);
  const history = known(operations);
  const found = findInvented(operations, history) ?? BY_LEVEL[level](history);
  if (found.kind === 'broken') return found;
  if (finals === null)
    return { kind: 'undecided', why: 'the keys could not be read at every controller in the end' };
  return findLost(history, record) ?? findDifferent(record) ?? found;
}

/** All that happened, as far as it concerns anybody: a write without an answer counts if its value was read. */
function known(operations: Operations): Operations {
  const read = new Set(operations.filter(({ kind }) => kind === 'get').map(nameOf));
  return operations
    .filter(({ outcome }) => outcome !== 'failed')
    .filter((operation) => operation.outcome === 'answered' || read.has(nameOf(operation)))
    .toSorted((a, b) => a.sentMs - b.sentMs);
}

function nameOf({ key, value }: Pick<DrillOperation, 'key' | 'value'>): string {
  return `${key}=${value}`;
}

/** What each level promises of the history. */
const BY_LEVEL: Readonly<Record<Level, (history: Operations) => DrillVerdict>> = {
  linearizability: judgeLinearizability,
  sequential: judgeSequential,
  causal: judgeCausal,
  eventual: judgeEventual,
};

function judgeLinearizability(history: Operations): DrillVerdict {
  const verdicts = checkLinearizability(history.map(toEvent));
  const undecided = [...verdicts].filter(([, verdict]) => verdict === 'undecided').length;
  for (const [key, verdict] of verdicts) {
    if (verdict !== 'violated') continue;
    return broken(
      `no order of the operations on ${key} that agrees with real time explains the answers`,
      history.filter((operation) => operation.key === key),
      (part) => checkLinearizability(part.map(toEvent)).get(key) === 'violated',
    );
  }
  if (undecided === 0) return { kind: 'kept' };
  return { kind: 'undecided', why: `the search for an order was given up for ${counted(undecided, 'key')}` };
}

function judgeSequential(history: Operations): DrillVerdict {
  const { kind } = judgeOrder(history.map(toVersioned));
  if (kind === 'kept') return { kind };
  if (kind === 'undecided')
    return { kind, why: 'neither an order of all operations was found, nor a proof that there is none' };
  return broken('no single order of all operations explains the answers', history, (part) => {
    return findOrderContradiction(part.map(toVersioned)) !== null;
  });
}

function judgeCausal(history: Operations): DrillVerdict {
  const isWrong: IsWrong = (part) => findCausalViolation(part.map(toVersioned)) !== null;
  if (!isWrong(history)) return judgeEventual(history);
  return broken(
    'a client missed what it had seen or written, or what a write it saw depends on',
    history,
    isWrong,
  );
}

/** The promise that is left at `eventual`: on one connection, no key goes back. */
function judgeEventual(history: Operations): DrillVerdict {
  const isWrong: IsWrong = (part) => findRegression(part.flatMap(toSeen)) !== null;
  if (!isWrong(history)) return { kind: 'kept' };
  return broken('a client was shown an older value than before, on one connection', history, isWrong);
}

function findInvented(operations: Operations, history: Operations): DrillVerdict | null {
  const written = new Set(history.filter(({ kind }) => kind === 'set').map(nameOf));
  const read = history.find(
    (operation) => operation.kind === 'get' && operation.value !== null && !written.has(nameOf(operation)),
  );
  if (read === undefined) return null;
  const refused = operations.find(({ kind, ...write }) => kind === 'set' && nameOf(write) === nameOf(read));
  const proof = refused === undefined ? [read] : [refused, read];
  const why = refused === undefined ? 'was written by nobody' : 'was refused when it was written';
  return { kind: 'broken', why: `a value was read that ${why}: ${nameOf(read)}`, proof, isMinimal: true };
}

/** Every controller has to show what was answered last, or something newer. */
function findLost(history: Operations, { finals, operations }: DrillRecord): DrillVerdict | null {
  for (const write of newestWrites(history)) {
    for (const [controller, state] of finals!.entries()) {
      const shown = state.get(write.key);
      if (shown === undefined || (shown.version ?? 0n) >= write.version!) continue;
      const last = lastRead(operations, controller, write.key);
      const why = `a write was answered, and is gone from controller ${controller}: ${nameOf(write)}`;
      return { kind: 'broken', why, proof: [write, last], isMinimal: true };
    }
  }
  return null;
}

/** The answered write of each key with the largest version. */
function newestWrites(history: Operations): Iterable<DrillOperation> {
  const newest = new Map<string, DrillOperation>();
  for (const operation of history) {
    const { kind, key, version, outcome } = operation;
    if (kind !== 'set' || outcome !== 'answered' || version === null) continue;
    if (version > (newest.get(key)?.version ?? 0n)) newest.set(key, operation);
  }
  return newest.values();
}

function findDifferent({ finals, operations }: DrillRecord): DrillVerdict | null {
  const [first, ...others] = finals!;
  for (const [key, { value }] of first!) {
    const at = others.findIndex((state) => state.get(key)?.value !== value);
    if (at === -1) continue;
    const proof = [0, at + 1].map((controller) => lastRead(operations, controller, key));
    const why = `controllers 0 and ${at + 1} did not end up with the same ${key}`;
    return { kind: 'broken', why, proof, isMinimal: true };
  }
  return null;
}

/** What the final state of a controller was read by. */
function lastRead(operations: Operations, controller: number, key: string): DrillOperation {
  return operations.findLast(
    (operation) => operation.controller === controller && operation.key === key && operation.kind === 'get',
  )!;
}

/** Shrinks the history to the few operations that are wrong by themselves. */
function broken(why: string, history: Operations, isWrong: IsWrong): DrillVerdict {
  const deadline = performance.now() + SHRINK_MS;
  const { part, isMinimal } = fewest(history, {
    isWrong: (candidate) => performance.now() < deadline && isWrong(candidate),
    withoutOrphans: orphansIn(history, ({ kind }) => kind === 'get'),
    groupings: [({ key }) => key, ({ session }) => session],
    triesMax: SHRINK_TRIES_MAX,
  });
  return { kind: 'broken', why, proof: part, isMinimal: isMinimal && performance.now() < deadline };
}

function toEvent({ session, key, kind, value, outcome, sentMs, endedMs }: DrillOperation): Event {
  const isUnknown = outcome === 'unknown';
  return {
    client: session,
    key,
    action: kind === 'set' ? { kind, value: value! } : { kind },
    answer: isUnknown
      ? { kind: 'unknown' }
      : kind === 'set'
        ? { kind: 'word', word: 'stored' }
        : { kind: 'value', value },
    invokedAt: sentMs,
    returnedAt: isUnknown ? Number.POSITIVE_INFINITY : endedMs,
  };
}

function toVersioned({ session, key, kind, value, version, outcome }: DrillOperation): VersionedEvent {
  const isUnknown = outcome === 'unknown' ? { isUnknown: true } : {};
  return { session, key, kind: kind === 'set' ? 'write' : 'read', value, version, ...isUnknown };
}

/** Nothing is older than everything: no key of a drill is deleted before its end. */
function toSeen({ session, key, version, outcome, sentMs, endedMs }: DrillOperation): Seen[] {
  if (outcome !== 'answered') return [];
  return [{ client: session, key, version: version ?? 0n, invokedAt: sentMs, returnedAt: endedMs }];
}
