import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import type { ProcessRecord } from '../cluster/processes.ts';
import { OperationError, reasonOf, systemCodeOf } from '../failure.ts';

/**
 * What has to be undone of a drill that is under way. It is on disk before each thing is done, so that `drill --undo`
 * finds everything, whatever ends the drill.
 */
export interface UndoRecord {
  readonly format: 1;
  /** The process of the drill. */
  readonly drill: ProcessRecord;
  /** Every controller, in the order of the ids. */
  readonly addresses: readonly Address[];
  /** The keys of the drill: `keyOf(prefix, number)` for each number below the count. */
  readonly keys: { readonly prefix: string; readonly count: number };
  /** Processes that stand still. */
  readonly paused: readonly ProcessRecord[];
  /** The table of the packet filter that cuts links: see `link-cut.ts`; null when none are cut. */
  readonly cut: string | null;
  /** Processes of the cluster have been ended, and have to be started again. */
  readonly hasEnded: boolean;
}

const FORMAT = 1;
const FILE = 'drill.json';

/** @returns null when there is nothing to undo @throws OperationError */
export function loadUndoRecord(directory: string): UndoRecord | null {
  const file = join(directory, FILE);
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as UndoRecord;
    if (record.format === FORMAT) return record;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw new OperationError('RUN_RECORD', `cannot read what to undo from ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  throw new OperationError(
    'RUN_RECORD',
    `${file} was written by another version: undo the drill with that one`,
  );
}

/** The record of a drill under way, kept on disk. */
export class UndoLog {
  readonly #file: string;
  #record: UndoRecord;

  constructor(directory: string, record: UndoRecord) {
    this.#file = join(directory, FILE);
    this.#record = record;
    this.keep({});
  }

  get record(): UndoRecord {
    return this.#record;
  }

  /** Returns once it is in the file. */
  keep(change: Partial<UndoRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#record)}\n`, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** There is nothing to undo any more. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }
}
