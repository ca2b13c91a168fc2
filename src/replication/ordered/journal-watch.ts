import type { Clock } from '../../base/clock.ts';
import type { Journal } from '../../journal/journal.ts';
import type { JournalHealth } from '../../membership/journal-health.ts';

export interface JournalWatchPorts {
  readonly journal: Pick<Journal, 'state'>;
  readonly clock: Clock;
  /**
   * How long requests wait for this controller's acknowledgement before the others go on without it, in milliseconds.
   */
  readonly suspectAfterMs: number;
}

/**
 * Says when the journal keeps this controller from being a member of a view.
 *
 * A journal that takes no writes lets nothing be acknowledged, so requests wait for this disk. They wait for as long
 * as for a silent member; then the others are to go on without this controller. A disk that is merely slow is waited
 * for.
 *
 * Once the controller is outside, its journal must not have failed for a while before the controller is taken back,
 * and for twice as long each time that the journal soon fails again. Otherwise a disk that is full now and again
 * would cause two changes of view each time.
 */
export class JournalWatch implements JournalHealth {
  readonly #ports: JournalWatchPorts;
  #journalTrouble = '';
  #failedMs = Number.NEGATIVE_INFINITY;
  /** Since when requests have been waiting for the disk, monotonic; null when none are. */
  #awaitedSinceMs: number | null = null;
  #isStalling = false;
  #wellForMs = WELL_FOR_MS_MIN;

  constructor(ports: JournalWatchPorts) {
    this.#ports = ports;
  }

  get journalTrouble(): string {
    return this.#journalTrouble;
  }

  get isStalling(): boolean {
    return this.#isStalling;
  }

  get exclusionReason(): string {
    // mutant: returns-with-full-disk
    if (this.#journalTrouble !== '') return `the journal takes no writes: ${this.#journalTrouble}`;
    if (this.#ports.clock.nowMs() - this.#failedMs >= this.#wellForMs) return '';
    return 'the journal took no writes until a moment ago';
  }

  /**
   * To be called every few milliseconds.
   *
   * @param isAwaited requests of the view wait for acknowledgements, this controller's among them
   * @returns true when the answers of the watch have changed
   */
  onTick(isAwaited: boolean): boolean {
    const { journal, clock, suspectAfterMs } = this.#ports;
    const { state } = journal;
    const before = { journalTrouble: this.#journalTrouble, isStalling: this.#isStalling };
    this.#journalTrouble = state.writable || state.isTemporary ? '' : state.reason;
    if (this.#journalTrouble !== '') {
      if (before.journalTrouble === '') this.#becomeFailing();
      this.#failedMs = clock.nowMs();
    }
    if (this.#journalTrouble === '' || !isAwaited) this.#awaitedSinceMs = null;
    else this.#awaitedSinceMs ??= clock.nowMs();
    this.#isStalling =
      this.#awaitedSinceMs !== null && clock.nowMs() - this.#awaitedSinceMs >= suspectAfterMs;
    return this.#journalTrouble !== before.journalTrouble || this.#isStalling !== before.isStalling;
  }

  #becomeFailing(): void {
    const isAgain = this.#ports.clock.nowMs() - this.#failedMs < FORGIVEN_AFTER_MS;
    this.#wellForMs = isAgain ? Math.min(2 * this.#wellForMs, WELL_FOR_MS_MAX) : WELL_FOR_MS_MIN;
  }
}

/** How long a journal must not have failed before its controller is taken back, in milliseconds. */
const WELL_FOR_MS_MIN = 1_000;
const WELL_FOR_MS_MAX = 10_000;

/** A journal that has not failed for so long counts as one that never did, in milliseconds. */
const FORGIVEN_AFTER_MS = 60_000;
