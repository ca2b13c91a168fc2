import fc from 'fast-check';
import type { Journal, JournalRecord } from '../../src/journal/journal.ts';
import type { RecoveryReport } from '../../src/journal/open-journal.ts';
import { type Effect, isOfKey } from '../../src/ordering/effect.ts';
import { compareVersions, NO_VERSION } from '../../src/ordering/version.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { completedWrites, EFFECT_KINDS } from './effect-arbitraries.ts';

/** One operation on a journal. */
export type JournalStep =
  | {
      readonly do: 'record' | 'stage' | 'discard' | 'watermarks' | 'forget' | 'forget early';
      readonly effect: Effect;
    }
  | { readonly do: 'record and revert'; readonly effect: Effect };

/** Differences have tests of their own: a write of a group that has them is never taken back. */
const WITHOUT_DIFFERENCES = EFFECT_KINDS.filter((kind) => kind !== 'join');

const doings = fc.constantFrom(
  ...([
    'record',
    'record',
    'record',
    'stage',
    'discard',
    'watermarks',
    'forget',
    'forget early',
    'record and revert',
  ] as const),
);

/** Steps over a few keys; a staged request is recorded or discarded later, or never. */
export function journalSteps(length: number): fc.Arbitrary<JournalStep[]> {
  const values = fc.array(fc.nat({ max: 200 }), { minLength: length, maxLength: length });
  const does = fc.array(doings, { minLength: length, maxLength: length });
  return fc
    .tuple(completedWrites(WITHOUT_DIFFERENCES, length), does, values)
    .map(([effects, doing, sizes]) => {
      const waiting: Effect[] = [];
      return effects.map((fresh, index): JournalStep => {
        const value = Buffer.alloc(sizes[index]!, index);
        const effect = fresh.kind === 'set' ? { ...fresh, value } : fresh;
        const what = doing[index]!;
        if (what === 'stage') waiting.push(effect);
        else if (what === 'discard' || (what === 'record' && index % 3 === 0)) {
          const held = waiting.shift();
          if (held !== undefined) return { do: what, effect: held };
        }
        return { do: what === 'discard' ? 'record' : what, effect };
      });
    });
}

export function takeStep(journal: Journal, step: JournalStep): void {
  const { effect } = step;
  switch (step.do) {
    case 'record':
      journal.record(effect);
      return;
    case 'stage':
      return journal.stage(effect);
    case 'discard':
      return journal.discard(effect.version);
    case 'watermarks':
      return journal.recordWatermarks({ applied: effect.version, known: [effect.version.time, 0, 1] });
    case 'forget': {
      const record = newestOfKey(journal, effect);
      if (record !== undefined) journal.forget(record);
      return;
    }
    case 'forget early': {
      const record = newestOfKey(journal, effect);
      if (record !== undefined) journal.forgetEarly(record);
      return;
    }
    case 'record and revert': {
      const before = newestOfKey(journal, effect);
      if (journal.record(effect) && isOfKey(effect)) journal.revert(effect.version, effect.key, before);
    }
  }
}

function newestOfKey(journal: Journal, effect: Effect): JournalRecord | undefined {
  return isOfKey(effect) ? journal.newest(effect.key) : undefined;
}

/** The content that a journal has to have after these steps, worked out without a disk. */
export class StepModel {
  readonly #journal: Journal;
  readonly #staged = new Map<string, Effect>();
  #watermarks: RecoveryReport['watermarks'] = { applied: NO_VERSION, known: [] };

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  take(step: JournalStep): void {
    const name = `${step.effect.version.time}.${step.effect.version.node}`;
    if (step.do === 'stage') this.#staged.set(name, step.effect);
    else this.#staged.delete(name);
    if (step.do === 'watermarks')
      this.#watermarks = { applied: step.effect.version, known: [step.effect.version.time, 0, 1] };
    takeStep(this.#journal, step);
  }

  fingerprint(): string {
    const staged = [...this.#staged.values()].sort((a, b) => compareVersions(a.version, b.version));
    return fingerprint(this.#journal, { staged, watermarks: this.#watermarks });
  }
}

export function fingerprint(journal: Journal, report: Pick<RecoveryReport, 'staged' | 'watermarks'>): string {
  const { staged, watermarks } = report;
  const records = journal.since(new VersionVector([]));
  const waiting = staged.map((effect) => Object.entries(effect).sort());
  const forgotten = journal.forgotten.times();
  const parts = {
    records,
    armed: journal.announcedFlush,
    keys: journal.keys,
    forgotten,
    waiting,
    watermarks,
  };
  return JSON.stringify(parts, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}
