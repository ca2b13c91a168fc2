import { type ControllerId, IDS_END, type WallMs } from '../base/number-kinds.ts';
import { joinSpans, TimeMap, type TimeSpan } from '../ordering/time-map.ts';
import { versionTimeOfMs } from '../ordering/version.ts';
import type { Owner } from './data-directory.ts';
import type { Disk } from './disk.ts';
import { JournalError, journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';

/**
 * The plan by which the controllers of a cluster move version times that are too far ahead. It is a file that goes
 * from one controller to the next.
 */
export interface ClockPlan {
  readonly format: 1;
  /** No other plan has this id. */
  readonly id: string;
  readonly cluster: string;
  readonly peers: string;
  readonly consistency: Owner['consistency'];
  /** When the plan was begun. No version time will be later than that. */
  readonly atMs: WallMs;
  readonly controllers: Readonly<Record<string, TimesInUse>>;
  /** The controllers that have data. Absent: all of `peers`, and no others. */
  readonly ids?: readonly ControllerId[];
}

/** The times that a controller uses. */
export interface TimesInUse {
  /** The spans that its version times are in. */
  readonly spans: readonly TimeSpan[];
  /** The moments of announced flushes that it has carried out. */
  readonly flushedMs: readonly WallMs[];
}

export function newPlan({ cluster, peers, consistency }: Owner, atMs: WallMs): ClockPlan {
  const id = `${Math.floor(atMs).toString(36)}-${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
  return { format: 1, id, cluster, peers, consistency, atMs: Math.floor(atMs), controllers: {} };
}

/** The controllers that were not surveyed yet. */
export function missingIn({ controllers, peers, ids }: ClockPlan): number[] {
  const all = ids ?? Array.from(peers.split(','), (_, id) => id);
  return all.filter((id) => controllers[id] === undefined);
}

/** These controllers have data as well. @param ids null where the controllers were never changed */
export function withControllers(plan: ClockPlan, ids: readonly ControllerId[] | null): ClockPlan {
  if (ids === null) return plan;
  return { ...plan, ids: [...new Set([...(plan.ids ?? []), ...ids])].sort((a, b) => a - b) };
}

/** @throws JournalError when more times are in use than fit */
export function timeMapOf({ controllers, atMs }: ClockPlan): TimeMap {
  try {
    const spans = Object.values(controllers).map((surveyed) => surveyed.spans);
    return new TimeMap(joinSpans(spans), versionTimeOfMs(atMs));
  } catch (error) {
    throw new JournalError('OTHER_OWNER', `the times do not fit: ${(error as Error).message}`, error);
  }
}

/** @returns null when there is no file. @throws JournalError when it is no plan, or belongs to another cluster */
export async function readPlan(disk: Disk, path: string, owner: Owner): Promise<ClockPlan | null> {
  let text: string;
  try {
    text = (await disk.readAll(path)).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw journalErrorOf(error, path);
  }
  const plan = parsed(text);
  if (plan === null)
    throw new JournalError('DAMAGED', `${path} is no plan of version times: name another file, or remove it`);
  const other = (['cluster', 'peers', 'consistency'] as const).find((name) => plan[name] !== owner[name]);
  if (other !== undefined)
    throw new JournalError('OTHER_OWNER', `${path} is of ${other} ${plan[other]}, not ${owner[other]}`);
  return plan;
}

export async function writePlan(disk: Disk, path: string, plan: ClockPlan): Promise<void> {
  try {
    await replaceFile(disk, path, `${JSON.stringify(plan)}\n`);
  } catch (error) {
    throw journalErrorOf(error, path);
  }
}

function parsed(text: string): ClockPlan | null {
  let plan: Partial<ClockPlan> | null;
  try {
    plan = JSON.parse(text) as Partial<ClockPlan> | null;
  } catch {
    return null;
  }
  if (plan?.format !== 1 || typeof plan.id !== 'string' || !Number.isSafeInteger(plan.atMs)) return null;
  const { controllers, peers, ids } = plan;
  if (ids !== undefined && !(Array.isArray(ids) && ids.every((id) => isId(`${id}`)))) return null;
  if (typeof peers !== 'string' || typeof controllers !== 'object' || controllers === null) return null;
  const isWhole = Object.entries(controllers).every(([id, surveyed]) => isId(id) && isSurveyed(surveyed));
  return isWhole ? (plan as ClockPlan) : null;
}

function isId(text: string): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) < IDS_END;
}

function isSurveyed(surveyed: Partial<TimesInUse> | null): boolean {
  const { spans, flushedMs } = surveyed ?? {};
  return (
    Array.isArray(spans) &&
    spans.every(isSpan) &&
    Array.isArray(flushedMs) &&
    flushedMs.every(Number.isSafeInteger)
  );
}

/** A clock that has reached its end has counted one further than the largest safe integer. */
const TIME_MAX = Number.MAX_SAFE_INTEGER + 1;

function isSpan(span: Partial<TimeSpan> | null): boolean {
  const { from, to } = span ?? {};
  return Number.isInteger(from) && Number.isInteger(to) && from! > 0 && from! <= to! && to! <= TIME_MAX;
}
