import type { Clock } from '../base/clock.ts';
import type { MonotonicMs, WallMs } from '../base/number-kinds.ts';
import type { Level } from '../placement/level.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { Operation } from './operation.ts';
import { kindOf } from './request-kinds.ts';
import { PHASE_NAMES, PHASES, type RequestPhase } from './request-phases.ts';
import { TIMED_COMMANDS, type TimedCommand } from './timed-commands.ts';

/** One slow request, as it is kept. */
export interface SlowRequest {
  /** When it arrived, by the clock of this machine. */
  readonly arrivedMs: WallMs;
  readonly tookMs: number;
  /** Where the time went; the sum is `tookMs`. */
  readonly phasesMs: Readonly<Record<RequestPhase, number>>;
  readonly command: TimedCommand;
  /** The first key that it names, escaped and shortened; empty where it names none. */
  readonly key: string;
  /** How many keys it names. */
  readonly keys: number;
  /** Null where it touches no entry. */
  readonly level: Level | null;
  /** The address of the client. */
  readonly client: string;
  /** `ok`, `client_error`, or the code of the error. */
  readonly answer: string;
}

/** Most slow requests that are kept. If there are more, the slowest ones stay. */
export const SLOW_REQUESTS_MAX = 128;

/** How long a slow request is kept, in milliseconds. */
export const SLOW_REQUESTS_KEPT_MS = 600_000;

/** Of a longer key only so many characters are kept, counted after escaping. */
export const SLOW_KEY_CHARS_MAX = 64;

interface Kept {
  readonly request: SlowRequest;
  readonly endedMs: MonotonicMs;
}

/** The slowest requests of the last minutes. */
export class SlowRequests {
  readonly #clock: Clock;
  #kept: Kept[] = [];
  #total = 0;
  /** While the list is full: the time of the quickest request in it, in milliseconds. */
  #quickestMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Slow requests since the start, those included that are no longer kept. */
  get total(): number {
    return this.#total;
  }

  /** The slowest first. */
  list(): readonly SlowRequest[] {
    this.#forgetOld(this.#clock.nowMs());
    return this.#kept.map(({ request }) => request).sort((a, b) => b.tookMs - a.tookMs);
  }

  /** Forgets the requests. The total stays. */
  clear(): void {
    this.#kept = [];
  }

  /** @param nowMs when its reply was handed to the socket */
  add(operation: Operation, level: Level | null, nowMs: MonotonicMs): void {
    this.#total++;
    const tookMs = nowMs - operation.arrivedMs;
    const isFull = this.#kept.length >= SLOW_REQUESTS_MAX;
    if (isFull && tookMs <= this.#quickestMs && !this.#hasOld(nowMs)) return;
    if (isFull) this.#makeRoom(nowMs);
    const arrivedMs = this.#clock.wallMs() - tookMs;
    this.#kept.push({ request: slowRequestOf(operation, level, nowMs, arrivedMs), endedMs: nowMs });
    if (this.#kept.length < SLOW_REQUESTS_MAX) return;
    this.#quickestMs = Math.min(...this.#kept.map(({ request }) => request.tookMs));
  }

  /** Requests are added in the order in which they end. */
  #hasOld(nowMs: MonotonicMs): boolean {
    const oldest = this.#kept[0];
    return oldest !== undefined && nowMs - oldest.endedMs > SLOW_REQUESTS_KEPT_MS;
  }

  #forgetOld(nowMs: MonotonicMs): void {
    if (!this.#hasOld(nowMs)) return;
    this.#kept = this.#kept.filter(({ endedMs }) => nowMs - endedMs <= SLOW_REQUESTS_KEPT_MS);
  }

  /** Forgets the requests that are too old, or else the quickest one. */
  #makeRoom(nowMs: MonotonicMs): void {
    this.#forgetOld(nowMs);
    if (this.#kept.length < SLOW_REQUESTS_MAX) return;
    const quickest = this.#kept.findIndex(({ request }) => request.tookMs === this.#quickestMs);
    this.#kept.splice(quickest, 1);
  }
}

function slowRequestOf(
  operation: Operation,
  level: Level | null,
  nowMs: MonotonicMs,
  arrivedMs: WallMs,
): SlowRequest {
  const { request, reply } = operation;
  const { key, keys } = keysOf(request);
  const phases = PHASE_NAMES.map((name) => [name, operation.spentMs(PHASES[name], nowMs)]);
  return {
    arrivedMs,
    tookMs: nowMs - operation.arrivedMs,
    phasesMs: Object.fromEntries(phases) as Record<RequestPhase, number>,
    command: TIMED_COMMANDS[kindOf(request).command(request)]!,
    key: shortened(key),
    keys,
    level,
    client: operation.clientName,
    answer: answerOf(reply),
  };
}

function keysOf(request: Request): { readonly key: string; readonly keys: number } {
  if ('keys' in request) return { key: request.keys[0] ?? '', keys: request.keys.length };
  if ('key' in request) return { key: request.key, keys: 1 };
  return { key: '', keys: 0 };
}

/** Bytes that are not printable ASCII become `\x…`, so that a key can be shown in any line. */
function shortened(key: string): string {
  const escaped = key
    .slice(0, SLOW_KEY_CHARS_MAX)
    .replace(/[^\x21-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const isCut = key.length > SLOW_KEY_CHARS_MAX || escaped.length > SLOW_KEY_CHARS_MAX;
  return isCut ? `${escaped.slice(0, SLOW_KEY_CHARS_MAX - 1)}…` : escaped;
}

function answerOf(reply: Reply | null): string {
  if (reply?.kind === 'server_error') return reply.code;
  return reply?.kind === 'client_error' ? (reply.code ?? 'client_error') : 'ok';
}
