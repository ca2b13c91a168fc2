import type { Clock } from '../base/clock.ts';
import { DurationHistogram } from '../base/duration-histogram.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import { LEVELS, type Level } from '../placement/level.ts';
import type { Operation } from './operation.ts';
import { type RequestRouter, readPolicyOf } from './policies.ts';
import { kindOf } from './request-kinds.ts';
import { PHASES } from './request-phases.ts';
import { SlowRequests } from './slow-requests.ts';
import { TIMED_COMMANDS, type TimedCommand } from './timed-commands.ts';

export interface RequestTimesPorts {
  readonly router: RequestRouter;
  readonly clock: Clock;
  /** A request that takes as long is noted among the slow ones, in milliseconds; 0 for none. */
  readonly slowRequestMs: number;
}

/** The times of the requests of one command that one level served. */
export interface TimesOfCommand {
  readonly command: TimedCommand;
  /** Null for requests that touch no entry. */
  readonly level: Level | null;
  readonly durations: DurationHistogram;
}

/** Most answered requests that are kept until the end of the turn. At this number they are counted at once. */
const ANSWERED_MAX = 1024;

/**
 * How long the requests of clients take, from their arrival until their replies have left.
 *
 * A request costs two stores while it is under way. The clock is read twice for each event-loop turn that answers
 * requests, at the first answer and at the end, and not for each request.
 */
export class RequestTimes {
  /** How long requests waited before they were started. */
  readonly waits = new DurationHistogram();
  /** How long writes of this controller's clients took to be agreed. */
  readonly agreements = new DurationHistogram();
  readonly slow: SlowRequests;
  readonly #ports: RequestTimesPorts;
  readonly #slowMs: number;
  /** By command and level: the level is the faster index, and its last place is for no level. */
  readonly #durations: (DurationHistogram | null)[];
  /** The requests that this turn has answered. */
  readonly #answered: (Operation | null)[] = new Array<Operation | null>(ANSWERED_MAX).fill(null);
  #answeredCount = 0;
  #firstAnsweredMs: MonotonicMs = 0;

  constructor(ports: RequestTimesPorts) {
    this.#ports = ports;
    this.#slowMs = ports.slowRequestMs === 0 ? Number.POSITIVE_INFINITY : ports.slowRequestMs;
    this.slow = new SlowRequests(ports.clock);
    this.#durations = new Array<null>(TIMED_COMMANDS.length * (LEVELS.length + 1)).fill(null);
  }

  /** The commands that clients have sent so far. */
  get byCommand(): readonly TimesOfCommand[] {
    return this.#durations.flatMap((durations, place) => {
      if (durations === null) return [];
      const command = TIMED_COMMANDS[Math.floor(place / (LEVELS.length + 1))]!;
      return { command, level: LEVELS[place % (LEVELS.length + 1)] ?? null, durations };
    });
  }

  /** The reply of the operation is among those that leave at the end of this turn. */
  onAnswered(operation: Operation): void {
    if (this.#answeredCount === ANSWERED_MAX) this.onTurnEnd();
    if (this.#answeredCount === 0) this.#firstAnsweredMs = this.#ports.clock.nowMs();
    this.#answered[this.#answeredCount++] = operation;
  }

  /** To be called at the end of a turn, once the replies have been handed to their sockets. */
  onTurnEnd(): void {
    if (this.#answeredCount === 0) return;
    const nowMs = this.#ports.clock.nowMs();
    for (let at = 0; at < this.#answeredCount; at++) {
      this.#count(this.#answered[at]!, nowMs);
      this.#answered[at] = null;
    }
    this.#answeredCount = 0;
  }

  /** A stream takes as long as its client wants: its time says nothing. */
  #count(operation: Operation, nowMs: MonotonicMs): void {
    if (operation.isStreaming) return;
    const level = this.#levelOf(operation);
    const tookMs = nowMs - operation.arrivedMs;
    this.#durationsOf(operation, level).observe(tookMs);
    if (level !== null) this.#countPhases(operation);
    if (tookMs < this.#slowMs) return;
    operation.enterAt(PHASES.reply, this.#firstAnsweredMs);
    this.slow.add(operation, level, nowMs);
  }

  #countPhases(operation: Operation): void {
    this.waits.observe(operation.spentMs(PHASES.waiting, this.#firstAnsweredMs));
    if (!operation.proposed) return;
    const agreementMs = operation.spentMs(PHASES.agreement, this.#firstAnsweredMs);
    if (agreementMs > 0) this.agreements.observe(agreementMs);
  }

  #durationsOf({ request }: Operation, level: Level | null): DurationHistogram {
    const levelPlace = level === null ? LEVELS.length : LEVELS.indexOf(level);
    const place = kindOf(request).command(request) * (LEVELS.length + 1) + levelPlace;
    const known = this.#durations[place]!;
    if (known !== null) return known;
    const made = new DurationHistogram();
    this.#durations[place] = made;
    return made;
  }

  /** The level that served the request; of a request for several keys, that of the first. Null where it touches none. */
  #levelOf({ access, request, askedLevel }: Operation): Level | null {
    if (access === 'none') return null;
    const { router } = this.#ports;
    const keyspaces = router.all.length === 1 ? router.all : kindOf(request).keyspaces(request, router);
    const keyspace = keyspaces[0]!;
    return access === 'read' ? readPolicyOf(keyspace, askedLevel).level : keyspace.policy.level;
  }
}
