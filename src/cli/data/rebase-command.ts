import { resolve } from 'node:path';
import type { ControllerId } from '../../base/number-kinds.ts';
import { journalKindsOf } from '../../controller/journal-kinds.ts';
import { ownerOf, type Settings } from '../../controller/settings.ts';
import {
  type ClockPlan,
  missingIn,
  newPlan,
  readPlan,
  timeMapOf,
  withControllers,
  writePlan,
} from '../../journal/clock-plan.ts';
import type { Owner } from '../../journal/data-directory.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { JournalError } from '../../journal/journal-error.ts';
import { type Rebased, rebase, type Survey, surveyTimes } from '../../journal/rebase.ts';
import { joinSpans } from '../../ordering/time-map.ts';
import { msOfVersionTime } from '../../ordering/version.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { existingJournalsOf } from './journals-here.ts';

/**
 * Notes the version times of a stopped controller in a plan.
 *
 * @param ids the controllers that have data; null where they were never changed
 * @returns the exit code
 */
export async function surveyClock(
  settings: Settings,
  given: string | null,
  ids: readonly ControllerId[] | null = null,
): Promise<number> {
  const path = planGiven(settings, given);
  const owner = planOwnerOf(settings);
  const { self } = settings;
  return inWords(async () => {
    const nowMs = Date.now();
    const before = (await readPlan(NODE_DISK, path, owner)) ?? newPlan(owner, nowMs);
    const surveys: Survey[] = [];
    for (const journal of await existingJournalsOf(settings))
      surveys.push(await surveyTimes(journal.dataDir, journal.owner, before));
    const records = surveys.reduce((sum, survey) => sum + survey.records, 0);
    const newestTime = Math.max(...surveys.map((survey) => survey.newestTime));
    const surveyed = {
      spans: joinSpans(surveys.map(({ spans }) => spans)),
      flushedMs: surveys.flatMap(({ flushedMs }) => flushedMs),
    };
    const controllers = { ...before.controllers, [self]: surveyed };
    const plan = withControllers({ ...before, controllers }, ids);
    await writePlan(NODE_DISK, path, plan);
    say(`controller ${self}: ${records} records, ${newestInWords(newestTime, nowMs)}; noted in ${path}`);
    say(nextStep(plan));
    return EXIT_OK;
  });
}

/** Writes the journal of a stopped controller anew, by a plan. @returns the exit code */
export async function rebaseClock(settings: Settings, given: string | null): Promise<number> {
  const path = planGiven(settings, given);
  return inWords(async () => {
    const plan = await readPlan(NODE_DISK, path, planOwnerOf(settings));
    if (plan === null)
      throw new OperationError('NO_SUCH_FILE', `there is no plan ${path}: begin it with survey-clock`);
    // A run that was stopped between two journals is completed by the next.
    for (const { dataDir, owner } of await existingJournalsOf(settings))
      say(`controller ${settings.self}: ${inAWord(await rebase(dataDir, owner, plan, Date.now()))}`);
    return EXIT_OK;
  });
}

function inAWord(rebased: Rebased): string {
  switch (rebased.outcome) {
    case 'nothing':
      return 'nothing has to be moved';
    case 'already':
      return 'its journal has been written anew already';
    case 'rebased':
      return (
        `${rebased.records} records are written anew, the newest version of ${dateOf(rebased.newestTime)}; ` +
        `the journal as it was is ${rebased.aside}`
      );
  }
}

/** One plan is for all journals of a cluster: all groups stamp their writes with one clock. */
function planOwnerOf(settings: Settings): Owner {
  return ownerOf(settings, journalKindsOf(settings)[0]!);
}

function planGiven({ dataDir, durability }: Settings, given: string | null): string {
  if (given === null) throw new UsageError('COMMAND_LINE', "name the plan's file");
  if (dataDir === '' || durability === 'none')
    throw new UsageError(
      'SETTING',
      'without a journal on disk there is nothing to keep: stop all controllers, and start them',
    );
  return resolve(given);
}

function newestInWords(newestTime: number, nowMs: number): string {
  if (newestTime === 0) return 'no version in use';
  const aheadSec = Math.round((msOfVersionTime(newestTime) - nowMs) / 1_000);
  const where = aheadSec > 0 ? `${aheadSec} s ahead of now` : 'not ahead of now';
  return `the newest version of ${dateOf(newestTime)}, ${where}`;
}

function dateOf(versionTime: number): string {
  return new Date(msOfVersionTime(versionTime)).toISOString();
}

function nextStep(plan: ClockPlan): string {
  const missing = missingIn(plan);
  if (missing.length > 0) return `still to be surveyed: controllers ${missing.join(', ')}`;
  return timeMapOf(plan).isIdentity
    ? 'all controllers are surveyed, and nothing has to be moved'
    : 'all controllers are surveyed: run rebase-clock with this plan on each of them';
}

async function inWords(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JournalError) throw new OperationError('JOURNAL', error.message, { cause: error });
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
