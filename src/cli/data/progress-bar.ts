import type { OnProgress } from '../../journal/backup.ts';
import { JournalError } from '../../journal/journal-error.ts';

/** How far several copies are, as one bar on a terminal. An interrupted one ends the copies. */
export class ProgressBar {
  readonly #what: string;
  readonly #parts: number;
  readonly #done = new Map<number, number>();
  #drawn = -1;
  #isInterrupted = false;

  constructor(what: string, parts: number) {
    this.#what = what;
    this.#parts = parts;
  }

  /** @throws JournalError from the callback, once interrupted */
  part(id: number): OnProgress {
    return (done, total) => {
      if (this.#isInterrupted) throw new JournalError('INTERRUPTED', `${this.#what} was interrupted`);
      this.#done.set(id, total === 0 ? 1 : done / total);
      this.#draw();
    };
  }

  interrupt(): void {
    this.#isInterrupted = true;
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  }

  /** Only when another cell is full. */
  #draw(): void {
    const share = [...this.#done.values()].reduce((sum, part) => sum + part, 0) / this.#parts;
    const cells = Math.floor(share * BAR_CELLS);
    if (!process.stderr.isTTY || cells === this.#drawn) return;
    this.#drawn = cells;
    const bar = '#'.repeat(cells).padEnd(BAR_CELLS, '.');
    process.stderr.write(`${CLEAR_LINE}${this.#what} [${bar}] ${Math.floor(share * 100)} %`);
  }
}

const BAR_CELLS = 40;
const CLEAR_LINE = '\r\u001b[K';
