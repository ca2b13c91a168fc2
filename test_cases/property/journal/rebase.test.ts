import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { newPlan, timeMapOf } from '../../../src/journal/clock-plan.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { rebase, surveyTimes } from '../../../src/journal/rebase.ts';
import { type Effect, isOfKey } from '../../../src/ordering/effect.ts';
import { msOfVersionTime, type Version, versionTimeOfMs } from '../../../src/ordering/version.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { DiskJournals, OWNER, readValue } from '../../support/disk-journals.ts';
import { KEYS } from '../../support/effect-arbitraries.ts';
import { keyOf, setOf } from '../../support/effects.ts';
import { type JournalStep, journalSteps, takeStep } from '../../support/journal-steps.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

const NOW_MS = Date.UTC(2026, 5, 1);
const YEAR_MS = 365 * 86_400_000;

const SMALL = { segmentBytesMax: 500, compactBytesMin: 1_000, commitWithinMs: 1 };

/** The same step, later; steps of every other millisecond stay, so that some versions are right. */
function later({ effect, ...step }: JournalStep): JournalStep {
  const raised = (time: number): number => {
    const aheadMs = msOfVersionTime(time) % 3 === 0 ? 0 : YEAR_MS;
    return time + versionTimeOfMs(NOW_MS + aheadMs - 1_000_000);
  };
  const moment = (atMs: number): number => msOfVersionTime(raised(versionTimeOfMs(atMs)));
  const version: Version = { ...effect.version, time: raised(effect.version.time) };
  if ('atMs' in effect) return { ...step, effect: { ...effect, version, atMs: moment(effect.atMs) } };
  return { ...step, effect: { ...effect, version } };
}

function nameOf(effect: Effect): string {
  return `${keyOf(effect)} by ${effect.version.node}`;
}

/** The keys of the journal with their values, in the order of their versions. */
async function valuesIn(journal: Journal): Promise<string[]> {
  const found: string[] = [];
  for (const effect of journal.since(VersionVector.zero(3))) {
    if (!isOfKey(effect)) continue;
    const { kind, key, version } = effect;
    const value = kind === 'set' ? (await readValue(journal, key, version))?.value?.toString('hex') : '';
    found.push(`${kind} ${key} by ${version.node}: ${value}`);
  }
  return found;
}

it('a rewritten journal has the same records in the same order, and takes new writes', async () => {
  await fc.assert(
    fc.asyncProperty(journalSteps(40), async (steps) => {
      const dataDir = journals.dataDir();
      const opened = await journals.open(dataDir, SMALL);
      const all = steps.map(later);
      for (const step of all) takeStep(opened.journal, step);
      await journals.close(opened);
      const before = await journals.open(dataDir, SMALL);
      const known = await valuesIn(before.journal);
      const staged = before.recovered.staged.map(nameOf);
      const { keys, announcedFlush } = before.journal;
      await journals.close(before);

      const begun = newPlan(OWNER, NOW_MS);
      const nothing = { spans: [], flushedMs: [] };
      const surveyed = await surveyTimes(dataDir, OWNER, begun);
      const plan = { ...begun, controllers: { 0: surveyed, 1: nothing, 2: nothing } };
      const { outcome } = await rebase(dataDir, OWNER, plan, NOW_MS);
      expect(outcome).toBe(timeMapOf(plan).isIdentity ? 'nothing' : 'rebased');

      const { journal, recovered } = await journals.open(dataDir, SMALL);
      expect(await valuesIn(journal)).toEqual(known);
      expect(recovered.staged.map(nameOf)).toEqual(staged);
      expect(journal.keys).toBe(keys);
      expect(journal.announcedFlush === null).toBe(announcedFlush === null);
      expect(recovered.newestTime).toBeLessThanOrEqual(versionTimeOfMs(NOW_MS));
      for (const key of KEYS) {
        const version = { time: versionTimeOfMs(NOW_MS + 1) + 1, node: 0 };
        expect(journal.record(setOf(key, version, { value: Buffer.from('new') }))).toBe(true);
      }
      await journals.clean();
    }),
    { numRuns: 60 },
  );
});
