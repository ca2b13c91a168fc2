import type { Clock } from '../../base/clock.ts';
import type { ClientStream, LocalOperation } from '../../consistency/client-stream.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import { fetchLines, type LogLine, linesOf } from './request-lines.ts';
import { type Watched, watchWords } from './watch-words.ts';

/** Watchers at once, as in memcached. A further one is refused in memcached's words. */
const WATCHERS_MAX = 20;

/** A watcher that has more bytes than this to take loses lines, and is told how many, as in memcached. */
const UNTAKEN_BYTES_MAX = 256 * 1024;

const TOO_MANY: Reply = { kind: 'line', line: 'WATCHER_TOO_MANY log watcher limit reached' };
const NOTHING: Reply = { kind: 'line', line: '' };

interface Watcher {
  readonly watched: ReadonlySet<Watched>;
  readonly stream: ClientStream;
  readonly operation: LocalOperation;
  readonly end: () => void;
  isTold: boolean;
  skipped: number;
}

/**
 * The clients that `watch` what the clients of this controller ask for: a line for each request once it has been
 * answered, in memcached's format. While nobody watches, a request costs one comparison.
 */
export class Watchers {
  readonly #clock: Clock;
  #watchers: Watcher[] = [];
  /** How many keys of a `get` have been told of whose reply is sent in parts. */
  #told = new WeakMap<Request, number>();
  /** The number of the last line. */
  #lineNumber = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isWatched(): boolean {
    return this.#watchers.length > 0;
  }

  /** @param words those after `watch` */
  begin(words: readonly string[], answer: (reply: Reply) => void, operation: LocalOperation): void {
    const meant = watchWords(words);
    if ('refusal' in meant) return answer(meant.refusal);
    if (this.#watchers.length >= WATCHERS_MAX) return answer(TOO_MANY);
    const { watched } = meant;
    const end = (): void => answer(NOTHING);
    const stream = operation.openStream();
    this.#watchers.push({ watched, stream, operation, end, isTold: false, skipped: 0 });
    this.onTick();
  }

  /** To be called every few milliseconds: lets go of watchers that have left, or whose controller is about to end. */
  onTick(): void {
    if (this.#watchers.length === 0) return;
    const left = this.#watchers.filter(({ stream }) => stream.state !== 'open');
    if (left.length > 0) this.#watchers = this.#watchers.filter(({ stream }) => stream.state === 'open');
    for (const watcher of left) watcher.end();
    for (const watcher of this.#watchers) if (!watcher.isTold) tell(watcher);
  }

  /** A request has been answered. To be called only if somebody watches. @param cfd the number of the connection */
  onReply(request: Request, reply: Reply, cfd: number): void {
    const nowMs = this.#clock.wallMs();
    if (request.kind !== 'get' && request.kind !== 'gat')
      return this.#log(linesOf(request, reply, cfd, nowMs), nowMs);
    const hits = reply.kind === 'hits' ? reply.hits : [];
    this.#logHits(request, hits, reply.kind === 'hits', cfd);
    this.#told.delete(request);
  }

  /** Some hits of a `get` have been sent ahead of the others. */
  onPart(request: Request, hits: readonly Hit[], cfd: number): void {
    if (request.kind === 'get' || request.kind === 'gat')
      this.#told.set(request, this.#logHits(request, hits, false, cfd));
  }

  #logHits(
    request: Extract<Request, { kind: 'get' | 'gat' }>,
    hits: readonly Hit[],
    isAll: boolean,
    cfd: number,
  ): number {
    const lines: LogLine[] = [];
    const told = fetchLines(request.keys, hits, this.#told.get(request) ?? 0, isAll, cfd, lines);
    this.#log(lines, this.#clock.wallMs());
    return told;
  }

  #log(lines: readonly LogLine[], nowMs: number): void {
    const seconds = Math.floor(nowMs / 1000);
    const micros = `${Math.floor((nowMs % 1000) * 1000)}`.padStart(6, '0');
    for (const { of, text } of lines) {
      const line = `ts=${seconds}.${micros} gid=${++this.#lineNumber} ${text}\n`;
      for (const watcher of this.#watchers) if (watcher.watched.has(of)) show(watcher, line);
    }
  }
}

/** Says that the watch has begun, once it is the turn of this answer. */
function tell(watcher: Watcher): void {
  if (!watcher.operation.isNext) return;
  watcher.isTold = true;
  watcher.stream.send('OK\r\n');
}

function show(watcher: Watcher, line: string): void {
  const { stream } = watcher;
  if (!watcher.isTold) return;
  if (stream.untakenBytes > UNTAKEN_BYTES_MAX) {
    watcher.skipped++;
    return;
  }
  if (watcher.skipped > 0) stream.send(`skipped=${watcher.skipped}\n`);
  watcher.skipped = 0;
  stream.send(line);
}
