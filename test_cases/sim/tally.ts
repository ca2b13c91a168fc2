import type { FaultKind } from './faults.ts';
import type { Outcome } from './outcome.ts';

/** Adds up the outcomes of many runs. */
export class Tally {
  readonly failed: Outcome[] = [];
  readonly #faults = new Map<FaultKind, number>();
  seeds = 0;
  operations = 0;
  failures = 0;
  undecided = 0;
  searched = 0;
  views = 0;
  recoveries = 0;
  resumptions = 0;
  emptyStarts = 0;
  virtualMs = 0;

  add(outcome: Outcome): void {
    this.seeds++;
    this.operations += outcome.operations;
    this.failures += outcome.failures;
    this.undecided += outcome.undecided;
    if (outcome.searched) this.searched++;
    this.views += outcome.views;
    this.recoveries += outcome.recoveries;
    this.resumptions += outcome.resumptions;
    this.emptyStarts += outcome.emptyStarts;
    this.virtualMs += outcome.virtualMs;
    for (const [kind, count] of outcome.faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
    if (outcome.violations.length > 0) this.failed.push(outcome);
  }

  /** One line on how far the runs are. */
  progress(seeds: number): string {
    return `${this.seeds} of ${seeds} seeds, ${this.operations} operations checked, ${this.failed.length} violations`;
  }

  summary(realMs: number): string {
    const faults = [...this.#faults].sort().map(([kind, count]) => `${kind} ${count}`);
    const hours = (this.virtualMs / 3_600_000).toFixed(1);
    const failed = this.failed.map(({ seed }) => seed).join(', ');
    const starts = [
      `${this.recoveries} controllers went on from theirs`,
      `${this.resumptions} times all of a cluster`,
      `${this.emptyStarts} controllers started empty`,
    ];
    return [
      `seeds       ${this.seeds}, ${hours} hours of virtual time in ${(realMs / 1_000).toFixed(1)} s`,
      `operations  ${this.operations} checked; ${this.failures} failed or have an unknown outcome`,
      `faults      ${faults.join(', ') || 'none'}`,
      `views       ${this.views} installed`,
      `disks       ${starts.join(', ')}`,
      `searched    ${this.searched} small histories of ordered levels, for any order`,
      `undecided   ${this.undecided} keys that take too long to check`,
      `violations  ${this.failed.length}${failed && `: seeds ${failed}`}`,
    ].join('\n');
  }
}
