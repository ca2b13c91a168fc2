import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../../src/journal/data-directory.ts';
import { NODE_DISK } from '../../src/journal/disk.ts';
import type { OpenedJournal } from '../../src/journal/open-journal.ts';
import { NODE_TIMERS, type Timers } from '../../src/journal/timers.ts';
import { ViewFile, viewFileOf } from '../../src/journal/view-file.ts';
import type { ViewRecord } from '../../src/membership/view-record.ts';
import { bytesOf, type Effect, isOfKey, type JoinEffect, type SetEffect } from '../../src/ordering/effect.ts';
import { VersionVector } from '../../src/ordering/version-vector.ts';
import { type DiskJournals, kept, readValue } from './disk-journals.ts';
import { EFFECTS } from './golden-effects.ts';

/**
 * The data directory whose bytes are recorded in `test_cases/golden`, and the state that a controller has to find in
 * it.
 */

export const GOLDEN_OWNER: Owner = {
  cluster: 'memchorus',
  controller: 0,
  peers: '127.0.0.1:27400,127.0.0.1:27401,127.0.0.1:27402',
  consistency: 'ordered',
};

export const GOLDEN_VIEW: ViewRecord = {
  promised: { counter: 7, node: 1 },
  accepted: { counter: 6, node: 0 },
  members: [
    { node: 0, incarnation: 1_790_000_000_000 },
    { node: 2, incarnation: Number.MAX_SAFE_INTEGER },
  ],
  sync: true,
  journal: null,
  placement: null,
  installed: null,
  configuration: null,
  installedConfiguration: null,
};

/** Timers that never fire: each batch is written because the step that made it waits for it. */
const NO_TIMERS: Timers = { ...NODE_TIMERS, after: () => () => {} };

/** The random number that is drawn for the directory. */
const STORE = 0xdeadbeef;

const version = (time: number, node = 0) => ({ time, node });

/** Writes one batch after the other, the same ones on every run, with every type of entry that the release writes. */
export async function writeGoldenDirectory(
  journals: DiskJournals,
  dataDir: string,
  release: keyof typeof STEPS,
): Promise<void> {
  const opened = await journals.open(dataDir, {
    owner: GOLDEN_OWNER,
    drawDirectoryId: () => STORE,
    timers: NO_TIMERS,
  });
  const { journal } = opened;
  for (const step of STEPS[release]) {
    step(journal);
    await kept(journal);
  }
  await journals.close(opened);
  const views = await ViewFile.open(NODE_DISK, dataDir, GOLDEN_OWNER, () => {});
  await new Promise<void>((resolve) => views.save(GOLDEN_VIEW, resolve));
  await views.close();
}

const first: SetEffect = { ...EFFECTS.set, version: version(10), key: 'first' };
const second: SetEffect = { ...EFFECTS.conditionalSet, version: version(20, 1), key: 'second' };

type Steps = readonly ((journal: OpenedJournal['journal']) => void)[];

const STEPS_0_1_0: Steps = [
  (journal) => journal.record(first),
  (journal) => {
    journal.stage(second);
    journal.stage({ ...second, version: version(21, 2), key: 'never' });
  },
  (journal) => {
    journal.recordWatermarks({ applied: version(20, 1), known: [10, 20, 0] });
    journal.record(second);
    journal.discard(version(21, 2));
  },
  (journal) => {
    const before = journal.newest('first');
    journal.record({ ...first, version: version(30), value: Buffer.from('refused') });
    journal.revert(version(30), 'first', before);
  },
  (journal) => {
    journal.record({ ...EFFECTS.delete, version: version(40, 1), key: 'gone', condition: null });
    journal.forget(journal.newest('gone')!);
    journal.record({ ...EFFECTS.delete, version: version(41, 2), key: 'gone too', condition: null });
    journal.forgetEarly(journal.newest('gone too')!);
  },
  (journal) => journal.record({ ...EFFECTS.setWithoutValue, version: version(50, 2), key: 'filled' }),
  (journal) =>
    journal.addValue({
      ...EFFECTS.setWithoutValue,
      version: version(50, 2),
      key: 'filled',
      value: Buffer.from('later'),
    }),
  (journal) => journal.record({ ...EFFECTS.delete, version: version(60), key: 'deleted', condition: null }),
  (journal) => journal.record({ ...EFFECTS.flushLater, version: version(70, 1) }),
  (journal) => journal.stage({ ...EFFECTS.set, version: version(80, 1), key: 'held' }),
];

const grown: SetEffect = { ...EFFECTS.set, version: version(85), key: 'grown' };
const joined: JoinEffect = {
  ...EFFECTS.append,
  version: version(90, 1),
  key: 'grown',
  condition: version(85),
};

const STEPS = {
  '0.1.0': STEPS_0_1_0,
  '0.3.0': [
    ...STEPS_0_1_0,
    (journal) => journal.record(grown),
    (journal) => journal.record(joined),
    (journal) => {
      const more = { ...joined, version: version(91, 2), condition: version(90, 1), valueBytes: 30 };
      journal.stage({ ...more, part: Buffer.from(' (later)'), chain: { count: 2, bytes: 210 } });
    },
    (journal) =>
      journal.attach({ key: 'second', version: version(20, 1), needs: [{ origin: 0, from: 0, to: 9 }] }),
    (journal) => journal.recordIncomplete([{ origin: 2, from: 7, to: 8 }]),
  ],
} as const satisfies Readonly<Record<string, Steps>>;

/** The files of a controller whose bytes are compared; files that depend on the process or the time are left out. */
export function filesOf(dataDir: string): ReadonlyMap<string, Buffer> {
  const directory = join(dataDir, 'controller-0');
  const names = readdirSync(directory).sort();
  const files = names.map((name) => [name, readFileSync(join(directory, name))] as const);
  return new Map([...files, ['views.json', readFileSync(viewFileOf(dataDir, GOLDEN_OWNER.controller))]]);
}

/** The whole content of a journal as text, to compare with the recorded text. */
export async function contentOf({ journal, recovered }: OpenedJournal): Promise<string[]> {
  const lines: string[] = [];
  for (const effect of journal.since(VersionVector.zero(3))) {
    const found = effect.kind === 'set' ? await readValue(journal, effect.key, effect.version) : null;
    const record = isOfKey(effect) ? journal.newest(effect.key) : undefined;
    lines.push(
      wordsOf(found ?? effect),
      ...(record === undefined ? [] : [`  token ${record.token}, marks ${record.marks}`]),
    );
  }
  const { watermarks, staged, newestTime, incomplete } = recovered;
  const flush = journal.announcedFlush;
  lines.push(
    ...staged.map((effect) => `staged: ${wordsOf(effect)}`),
    ...[...journal.attached.values()].map((record) => `attached: ${JSON.stringify(record)}`),
    ...(incomplete.length > 0 ? [`incomplete: ${JSON.stringify(incomplete)}`] : []),
    `applied ${watermarks.applied.time}.${watermarks.applied.node}, known ${watermarks.known}`,
    `newest ${newestTime}, forgotten ${[0, 1, 2].map((node) => journal.forgotten.timeOf(node))}`,
    flush === null ? 'no flush' : `flush ${flush.version.time}.${flush.version.node} at ${flush.atMs}`,
  );
  return lines;
}

function wordsOf(effect: Effect): string {
  const { kind, version } = effect;
  const at = `@${version.time}.${version.node}`;
  if (!isOfKey(effect)) return `${kind} ${at}${'atMs' in effect ? ` due ${effect.atMs}` : ''}`;
  const words = `${kind} "${effect.key}" ${at}`;
  if (effect.kind === 'delete') return words;
  const { expiresAtMs } = effect;
  const flags = effect.kind === 'set' ? effect.flags : 0;
  const value = bytesOf(effect);
  const content = value === null ? 'no value' : `"${value.toString('latin1')}"`;
  return `${words} flags ${flags} expires ${expiresAtMs} ${content}`;
}
