import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type JournalOptions, type OpenedJournal, openJournal } from '../../src/journal/open-journal.ts';
import type { SetEffect } from '../../src/ordering/effect.ts';
import type { Version } from '../../src/ordering/version.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export const OWNER = {
  cluster: 'test',
  controller: 0,
  peers: 'a:1,b:2,c:3',
  consistency: 'ordered',
} as const;

const SIMULATED = '/simulated/data';

/** The data directories and open journals of one test; `clean` closes and removes them. */
export class DiskJournals {
  readonly #directories: string[] = [];
  readonly #opened = new Set<OpenedJournal>();
  readonly messages: string[] = [];

  dataDir(): string {
    const directory = mkdtempSync(join(tmpdir(), 'memchorus-journal-'));
    this.#directories.push(directory);
    return join(directory, 'data');
  }

  /** Makes a data directory on a simulated disk. */
  simulated(disk: SimulatedDisk): string {
    void disk.makePath(SIMULATED);
    return SIMULATED;
  }

  async open(dataDir: string, options: Partial<JournalOptions> = {}): Promise<OpenedJournal> {
    const note = (message: string) => this.messages.push(message);
    const opened = await openJournal({
      dataDir,
      owner: OWNER,
      clock: MACHINE_CLOCK,
      log: { info: note, warn: note },
      ...options,
    });
    this.#opened.add(opened);
    return opened;
  }

  async close(opened: OpenedJournal): Promise<void> {
    this.#opened.delete(opened);
    await opened.journal.close();
    opened.release();
  }

  /** Leaves the journal as a killed process does: nothing more is written. */
  abandon(opened: OpenedJournal): void {
    this.#opened.delete(opened);
    opened.release();
  }

  async closeAll(): Promise<void> {
    for (const opened of [...this.#opened]) await this.close(opened).catch(() => {});
  }

  async clean(): Promise<void> {
    await this.closeAll();
    this.messages.length = 0;
    for (const directory of this.#directories) rmSync(directory, { recursive: true, force: true });
  }
}

export function kept(journal: Journal): Promise<string | null> {
  return new Promise((resolve) => journal.whenDurable(resolve));
}

export function readValue(journal: Journal, key: string, version: Version): Promise<SetEffect | null> {
  return new Promise((resolve, reject) => {
    journal.valueOf(key, version, (error, effect) =>
      error === null ? resolve(effect) : reject(new Error(error)),
    );
  });
}
