import type { Interface } from 'node:readline';
import type { Colours } from './colours.ts';
import { hintFor } from './hints.ts';

/** The part of a terminal's output that hints need. */
export interface HintOutput {
  write(text: string): unknown;
  readonly columns: number;
}

/** The part of `node:readline` that hints need. */
export type TypedLine = Pick<Interface, 'line' | 'cursor' | 'getCursorPos'>;

/**
 * A hint in grey behind what is being typed. It is erased before each key takes effect, so that it never stays on a
 * line that has been entered, and drawn again afterwards.
 */
export class HintLine {
  readonly #typed: TypedLine;
  readonly #output: HintOutput;
  readonly #colours: Colours;
  #isShown = false;

  constructor(typed: TypedLine, output: HintOutput, colours: Colours) {
    this.#typed = typed;
    this.#output = output;
    this.#colours = colours;
  }

  erase(): void {
    if (this.#isShown) this.#output.write('\x1b[K');
    this.#isShown = false;
  }

  /** Only at the end of the line, and only what fits behind it. */
  draw(): void {
    const { line, cursor } = this.#typed;
    if (!this.#colours.areOn || line === '' || cursor !== line.length) return;
    const room = this.#output.columns - this.#typed.getCursorPos().cols - 1;
    const hint = hintFor(line).slice(0, Math.max(0, room));
    if (hint === '') return;
    this.#output.write(`\x1b[K${this.#colours.grey(hint)}\x1b[${hint.length}D`);
    this.#isShown = true;
  }
}
