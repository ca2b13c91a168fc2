import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { OpenedJournal } from '../../../src/journal/open-journal.ts';
import { DiskJournals, readValue } from '../../support/disk-journals.ts';
import { KEYS } from '../../support/effect-arbitraries.ts';
import { keyOf, valueIn } from '../../support/effects.ts';
import {
  fingerprint,
  type JournalStep,
  journalSteps,
  StepModel,
  takeStep,
} from '../../support/journal-steps.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

/** So small that log files change and compactions happen within a few steps. */
const SMALL = { segmentBytesMax: 500, compactBytesMin: 1_000, commitWithinMs: 1, retryAfterMs: 1 };

const STEPS = 40;

const RUNS = Number(process.env.JOURNAL_RUNS ?? 200);

const lives = fc.record({
  steps: journalSteps(STEPS),
  /** What happens after each step: for `ask`, the journal is asked whether all steps are durable. */
  asked: fc.array(fc.constantFrom('no', 'ask', 'wait', 'turn', 'rest'), {
    minLength: STEPS,
    maxLength: STEPS,
  }),
  /** The operation of the disk at which the process dies, counted from the start of the steps. */
  diesAfter: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 90 })),
  /** The power fails in three of four runs: only that leaves torn ends. */
  power: fc.constantFrom(true, true, true, false),
  /** The disk refuses writes from this step on, for a few. */
  failsAt: fc.option(fc.nat({ max: STEPS })),
  /** Evenly distributed in [0, 1). `fc.double` draws evenly from all doubles, most of which are next to 0. */
  chances: fc.infiniteStream(fc.noBias(fc.nat({ max: 999 })).map((n) => n / 1_000)),
});

/** Runs the steps until the process dies. @returns how many steps were confirmed before */
async function live(
  opened: OpenedJournal,
  disk: SimulatedDisk,
  life: { steps: readonly JournalStep[]; asked: readonly string[]; failsAt: number | null },
): Promise<number> {
  let confirmed = 0;
  for (const [index, step] of life.steps.entries()) {
    if (index === life.failsAt) disk.failure = 'EIO';
    if (life.failsAt !== null && index === life.failsAt + 4) disk.failure = null;
    takeStep(opened.journal, step);
    const asked = life.asked[index];
    const answer = new Promise<void>((resolve) => {
      if (asked !== 'ask' && asked !== 'wait') return resolve();
      opened.journal.whenDurable((error) => {
        if (error === null) confirmed = Math.max(confirmed, index + 1);
        resolve();
      });
    });
    if (asked === 'wait') await Promise.race([answer, disk.dead]);
    if (asked === 'turn') await new Promise(setImmediate);
    if (asked === 'rest') await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await new Promise((resolve) => setTimeout(resolve, 3));
  return confirmed;
}

/** The content of a journal after none of the steps, after one, after two, … */
function fingerprints(steps: readonly JournalStep[]): string[] {
  const model = new StepModel(new MemoryJournal());
  return [
    model.fingerprint(),
    ...steps.map((step) => {
      model.take(step);
      return model.fingerprint();
    }),
  ];
}

/**
 * Every value that is there must be the one that was written. A value that a revert brought back may be lost when the
 * process dies at the end of a compaction.
 */
async function expectValues({ journal }: OpenedJournal, steps: readonly JournalStep[]): Promise<void> {
  for (const key of KEYS) {
    const record = journal.newest(key);
    if (record === undefined || record.tombstone) continue;
    const { time, node } = record.version;
    const written = steps.find(({ effect: { version } }) => version.time === time && version.node === node)!;
    const found = await readValue(journal, key, record.version);
    const wasBrought = steps.some((step) => step.do === 'record and revert' && keyOf(step.effect) === key);
    if (found === null && wasBrought) continue;
    expect(found?.value).toEqual(valueIn(written.effect));
  }
}

describe('a crash', () => {
  it('leaves a prefix of the steps, with all that were confirmed, wherever it happens', {
    timeout: 600_000,
  }, async () => {
    let died = 0;
    let torn = 0;
    let compacted = 0;
    await fc.assert(
      fc.asyncProperty(lives, async ({ steps, asked, diesAfter, power, failsAt, chances }) => {
        const disk = new SimulatedDisk();
        const dataDir = journals.simulated(disk);
        const opened = await journals.open(dataDir, { ...SMALL, disk });
        disk.dieAt(disk.operations + diesAfter);
        const confirmed = await live(opened, disk, { steps, asked, failsAt });
        journals.abandon(opened);
        if (disk.isDead) died++;
        disk.dieAt(0);
        const left = power ? disk.crashed(() => chances.next().value) : disk.killed();

        const again = await journals.open(dataDir, { ...SMALL, disk: left });
        expect(again.setAside).toBeNull();
        if (again.recovered.tornBytes > 0) torn++;
        const found = fingerprint(again.journal, again.recovered);
        const prefix = fingerprints(steps).lastIndexOf(found);
        expect(prefix).toBeGreaterThanOrEqual(confirmed);
        await expectValues(again, steps.slice(0, prefix));
        // The next start finds the same as this one, even if the power fails in between.
        journals.abandon(again);
        const last = await journals.open(dataDir, {
          ...SMALL,
          disk: left.crashed(() => chances.next().value),
        });
        expect(last.setAside).toBeNull();
        expect(fingerprint(last.journal, last.recovered)).toBe(found);
        if (journals.messages.includes('the journal is compacted')) compacted++;
        await journals.clean();
      }),
      { numRuns: RUNS },
    );
    // More than half of 200 runs die, one in five compacts, and one in seven leaves a torn end.
    expect([died, compacted, torn].map((times) => times > RUNS / 50)).toEqual([true, true, true]);
  });
});
