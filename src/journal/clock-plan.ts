import type { WallMs } from '../base/number-kinds.ts';
import { joinSpans, type Span, TimeMap } from '../ordering/time-map.ts';
import { NODES_MAX, versionTimeOfMs } from '../ordering/version.ts';
import type { Owner } from './data-directory.ts';
import type { Disk } from './disk.ts';
import { JournalError, journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';

/** What all controllers of a cluster have to agree on to bring its version times back, in a file that goes from one to the next. */
export interface ClockPlan {
  readonly format: 1;
  /** Tells it from other plans. */
  readonly id: string;
  readonly cluster: string;
  readonly peers: string;
  readonly consistency: Owner['consistency'];
  /** When it was begun, milliseconds since 1970: no version is to be later. */
  readonly atMs: WallMs;
  readonly controllers: Readonly<Record<string, Surveyed>>;
}

/** What a controller has in use. */
export interface Surveyed {
  /** Its version times. */
  readonly spans: readonly Span[];
  /** Moments of announced flushes that it has carried out, milliseconds since 1970. */
  readonly flushedMs: readonly WallMs[];
}

export function newPlan({ cluster, peers, consistency }: Owner, atMs: WallMs): ClockPlan {
  const id = `${Math.floor(atMs).toString(36)}-${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
  return { format: 1, id, cluster, peers, consistency, atMs: Math.floor(atMs), controllers: {} };
}

/** Controllers that are not in it yet. */
export function missingIn({ controllers, peers }: ClockPlan): number[] {
  return Array.from(peers.split(','), (_, id) => id).filter((id) => controllers[id] === undefined);
}

/** @throws JournalError when more is in use than fits */
export function timeMapOf({ controllers, atMs }: ClockPlan): TimeMap {
  try {
    const spans = Object.values(controllers).map((surveyed) => surveyed.spans);
    return new TimeMap(joinSpans(spans), versionTimeOfMs(atMs));
  } catch (error) {
    throw new JournalError('OTHER_OWNER', `the times do not fit: ${(error as Error).message}`, error);
  }
}

/** @returns null when there is none. @throws JournalError when it is no plan, or another cluster's */
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
  const { controllers, peers } = plan;
  if (typeof peers !== 'string' || typeof controllers !== 'object' || controllers === null) return null;
  const isWhole = Object.entries(controllers).every(([id, surveyed]) => isId(id) && isSurveyed(surveyed));
  return isWhole ? (plan as ClockPlan) : null;
}

function isId(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) < NODES_MAX;
}

function isSurveyed(surveyed: Partial<Surveyed> | null): boolean {
  const { spans, flushedMs } = surveyed ?? {};
  return (
    Array.isArray(spans) &&
    spans.every(isSpan) &&
    Array.isArray(flushedMs) &&
    flushedMs.every(Number.isSafeInteger)
  );
}

/** A clock at its very end has counted to one more than what is safe. */
const TIME_MAX = Number.MAX_SAFE_INTEGER + 1;

function isSpan(span: Partial<Span> | null): boolean {
  const { from, to } = span ?? {};
  return Number.isInteger(from) && Number.isInteger(to) && from! > 0 && from! <= to! && to! <= TIME_MAX;
}
