import type { BaseWriter } from './base-writer.ts';
import type { ValueChain } from './chains.ts';
import { DamageError } from './journal-error.ts';
import type { LogPosition } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';
import type { LogState } from './log-state.ts';
import { readWhole } from './whole-value.ts';

/** The part of a compaction's ports that is needed here. */
interface CollapsePorts {
  readonly files: LogFiles;
  readonly state: LogState;
  readonly pause: () => Promise<void>;
}

/**
 * The values that consist of differences, in a compaction. A difference in the new file may have been made of one in a
 * file that is about to be removed. Therefore the base gets, for each such value, the version that the files before the
 * new one lead to, as a whole value.
 */
export class CollapsedChains {
  readonly #ports: CollapsePorts;
  readonly #base: number;
  readonly #collapsed: { readonly key: string; readonly read: ValueChain; readonly to: LogPosition }[] = [];

  /** @param base the number of the base: files with smaller numbers are about to be removed */
  constructor(ports: CollapsePorts, base: number) {
    this.#ports = ports;
    this.#base = base;
  }

  /** Writes the whole values. Those that were overwritten meanwhile do no harm: a newer write follows. */
  async write(base: BaseWriter): Promise<void> {
    const { files, state, pause } = this.#ports;
    for (const key of state.index.chains.keys()) {
      const chain = state.index.chains.get(key);
      if (chain === undefined || chain.whole.file > this.#base) continue;
      const { whole, sum } = chain;
      const isNew = chain.parts.findIndex(({ file }) => file > this.#base);
      const read = { whole, sum, parts: isNew < 0 ? [...chain.parts] : chain.parts.slice(0, isNew) };
      const effect = await readWhole(files, whole, read.parts);
      if (effect === null) throw new DamageError('the value that a difference was made of is missing');
      const to = base.add({ type: 'write', effect: { ...effect, condition: null } });
      this.#collapsed.push({ key, read, to });
      await base.write();
      await pause();
    }
  }

  /** The base takes effect: the chains begin with the whole values in it. */
  move(): void {
    const { index } = this.#ports.state;
    for (const { key, read, to } of this.#collapsed) {
      index.chains.collapse(key, read, to);
      const last = read.parts.at(-1);
      if (last !== undefined && index.isAt(key, last)) index.locate(key, to);
    }
  }
}
