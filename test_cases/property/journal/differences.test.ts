import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/journal/journal.ts';
import type { OpenedJournal } from '../../../src/journal/open-journal.ts';
import type { Effect } from '../../../src/ordering/effect.ts';
import type { Version } from '../../../src/ordering/version.ts';
import { DiskJournals, kept, readValue } from '../../support/disk-journals.ts';
import { deleteOf, joinOf, setOf } from '../../support/effects.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const journals = new DiskJournals();
afterEach(() => journals.clean());

/** So small that log files change and compactions happen within a few steps. */
const SMALL = { segmentBytesMax: 500, compactBytesMin: 600, commitWithinMs: 1, retryAfterMs: 1 };

const RUNS = Number(process.env.JOURNAL_RUNS ?? 60);

const KEYS = ['a', 'b', 'c'] as const;

type Held = ReadonlyMap<string, { readonly version: Version; readonly value: string }>;

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('set', 'append', 'append', 'append', 'append', 'prepend', 'delete', 'flush'),
    key: fc.constantFrom(...KEYS),
    bytes: fc.nat({ max: 60 }),
    isStaged: fc.boolean(),
    next: fc.constantFrom('go on', 'go on', 'turn', 'wait', 'restart', 'read'),
  }),
  { minLength: 30, maxLength: 90, size: 'max' },
);

type Step = (typeof steps extends fc.Arbitrary<infer All> ? All : never) extends readonly (infer One)[]
  ? One
  : never;

/** The write of the step; a key without an entry is set instead. */
function effectOf({ what, key, bytes }: Step, index: number, held: Held): Effect {
  const version = { time: 1_000 + index, node: 0 };
  const found = held.get(key);
  const value = Buffer.from(String.fromCharCode(97 + (index % 26)).repeat(bytes));
  if (what === 'flush') return { kind: 'flush', version };
  if (what === 'delete') return deleteOf(key, version);
  if (what === 'set' || found === undefined) return setOf(key, version, { value });
  const valueBytes = found.value.length + bytes;
  const side = what === 'append' ? 'end' : 'beginning';
  return joinOf(key, version, { condition: found.version, part: value, side, valueBytes });
}

/** What the keys hold after the write. */
function after(effect: Effect, held: Held): Held {
  const next = new Map(held);
  if (effect.kind === 'flush') next.clear();
  else if (effect.kind === 'delete') next.delete(effect.key);
  else if (effect.kind === 'set') next.set(effect.key, { version: effect.version, value: `${effect.value}` });
  else if (effect.kind === 'join') {
    const { value } = held.get(effect.key)!;
    const joined = effect.side === 'end' ? `${value}${effect.part}` : `${effect.part}${value}`;
    next.set(effect.key, { version: effect.version, value: joined });
  }
  return next;
}

async function heldBy(journal: Journal): Promise<Held> {
  const held = new Map<string, { version: Version; value: string }>();
  for (const key of KEYS) {
    const record = journal.newest(key);
    if (record === undefined || record.tombstone) continue;
    const effect = await readValue(journal, key, record.version);
    held.set(key, { version: record.version, value: `${effect?.value ?? 'nothing'}` });
  }
  return held;
}

function record(journal: Journal, effect: Effect, isStaged: boolean): void {
  if (isStaged) journal.stage(effect);
  journal.record(effect);
}

const restarted = async (opened: OpenedJournal, dataDir: string, disk: SimulatedDisk) => {
  await journals.close(opened);
  return journals.open(dataDir, { ...SMALL, disk });
};

describe('a journal of differences', () => {
  it('has the value that the writes come to, also while it is compacted, and after restarts', {
    timeout: 600_000,
  }, async () => {
    let compacted = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const disk = new SimulatedDisk();
        const dataDir = journals.simulated(disk);
        let opened = await journals.open(dataDir, { ...SMALL, disk });
        let held: Held = new Map();
        for (const [index, step] of all.entries()) {
          const effect = effectOf(step, index, held);
          held = after(effect, held);
          record(opened.journal, effect, step.isStaged);
          if (step.next === 'turn') await new Promise(setImmediate);
          if (step.next === 'wait') await kept(opened.journal);
          if (step.next === 'restart') opened = await restarted(opened, dataDir, disk);
          if (step.next === 'read') expect(await heldBy(opened.journal)).toEqual(held);
        }
        expect(await heldBy(opened.journal)).toEqual(held);
        opened = await restarted(opened, dataDir, disk);
        expect(await heldBy(opened.journal)).toEqual(held);
        compacted += journals.messages.filter((message) => message.includes('compacted')).length;
        await journals.clean();
      }),
      { numRuns: RUNS },
    );
    expect(compacted).toBeGreaterThan(RUNS / 4);
  });

  it('has the value of some moment after the last that was confirmed, wherever the process dies', {
    timeout: 600_000,
  }, async () => {
    const lives = fc.record({
      all: steps,
      diesAfter: fc.integer({ min: 1, max: 120 }),
      power: fc.boolean(),
      chances: fc.infiniteStream(fc.noBias(fc.nat({ max: 999 })).map((n) => n / 1_000)),
    });
    await fc.assert(
      fc.asyncProperty(lives, async ({ all, diesAfter, power, chances }) => {
        const disk = new SimulatedDisk();
        const dataDir = journals.simulated(disk);
        const opened = await journals.open(dataDir, { ...SMALL, disk });
        disk.dieAt(disk.operations + diesAfter);
        const states: Held[] = [new Map()];
        let confirmed = 0;
        for (const [index, step] of all.entries()) {
          const effect = effectOf(step, index, states.at(-1)!);
          states.push(after(effect, states.at(-1)!));
          record(opened.journal, effect, step.isStaged);
          const isKept = kept(opened.journal).then((error) => {
            if (error === null) confirmed = Math.max(confirmed, index + 1);
          });
          if (step.next === 'wait') await Promise.race([isKept, disk.dead]);
          if (step.next === 'turn') await new Promise(setImmediate);
        }
        journals.abandon(opened);
        const least = confirmed;
        disk.dieAt(0);
        const left = power ? disk.crashed(() => chances.next().value) : disk.killed();
        const again = await journals.open(dataDir, { ...SMALL, disk: left });
        expect(again.setAside).toBeNull();
        expect(states.slice(least)).toContainEqual(await heldBy(again.journal));
        await journals.close(again);
      }),
      { numRuns: RUNS },
    );
  });
});
