import type { WallMs } from '../../base/number-kinds.ts';
import type { ClientStream, LocalOperation } from '../../consistency/client-stream.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { ControllerRouter } from '../groups.ts';
import { EntryWalk } from '../keys/entry-walk.ts';
import { DUMP_FORMATS, slabClassOf } from './dump-lines.ts';
import type { DumpRequest, DumpWords } from './dump-words.ts';

export interface DumpsPorts {
  readonly router: ControllerRouter;
  /** Cluster time: it decides which entries have expired. */
  readonly timeMs: () => WallMs;
  /** Calls back in a later event-loop turn, after what the other clients have sent has been read. */
  readonly nextTurn: (callback: () => void) => void;
}

/** Dumps under way at once. A further one is refused, as memcached refuses every second one. */
const DUMPS_MAX = 4;

/** How many records a dump looks at in one event-loop turn. It bounds the delay of the other clients. */
const RECORDS_PER_TURN = 256;

/** A dump goes on while its client has fewer bytes than this to take. */
const UNTAKEN_BYTES_MAX = 256 * 1024;

/** Most bytes of a `stats cachedump`, as in memcached. */
const CACHEDUMP_BYTES_MAX = 2 * 1024 * 1024;

const BUSY: Reply = { kind: 'line', line: 'BUSY currently processing crawler request' };
const NOTHING: Reply = { kind: 'line', line: '' };

/**
 * Lists of all keys of this controller, as memcached's `lru_crawler metadump`, `lru_crawler mgdump` and
 * `stats cachedump` give them, from the journals. A dump takes a small part of each event-loop turn, and no part while
 * its client does not take what was sent. Keys that are written during a dump may be left out.
 */
export class Dumps {
  readonly #ports: DumpsPorts;
  #dumps: Dump[] = [];
  #isTurnAsked = false;

  constructor(ports: DumpsPorts) {
    this.#ports = ports;
  }

  begin(words: DumpWords, answer: (reply: Reply) => void, operation: LocalOperation): void {
    if ('refusal' in words) return answer(words.refusal);
    if (this.#dumps.length >= DUMPS_MAX) return answer(BUSY);
    this.#dumps.push(new Dump(words, answer, operation, this.#ports));
    this.#askTurn();
  }

  /** To be called every few milliseconds: dumps that have waited for their clients may go on. */
  onTick(): void {
    if (this.#dumps.length > 0) this.#askTurn();
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return;
    this.#isTurnAsked = true;
    this.#ports.nextTurn(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isTurnAsked = false;
    const steps = this.#dumps.map((dump) => dump.step());
    this.#dumps = this.#dumps.filter((_, at) => steps[at] !== 'ended');
    if (steps.includes('goes on')) this.#askTurn();
  };
}

class Dump {
  readonly #request: DumpRequest;
  readonly #answer: (reply: Reply) => void;
  readonly #operation: LocalOperation;
  readonly #stream: ClientStream;
  readonly #walk: EntryWalk;
  #entriesLeft: number;
  #bytesLeft: number;

  constructor(
    request: DumpRequest,
    answer: (reply: Reply) => void,
    operation: LocalOperation,
    { router, timeMs }: DumpsPorts,
  ) {
    this.#request = request;
    this.#answer = answer;
    this.#operation = operation;
    this.#stream = operation.openStream();
    this.#walk = new EntryWalk(router, timeMs());
    this.#entriesLeft = request.limit;
    this.#bytesLeft = request.format === 'cachedump' ? CACHEDUMP_BYTES_MAX : Infinity;
  }

  step(): 'goes on' | 'waits' | 'ended' {
    const stream = this.#stream;
    if (stream.state === 'gone') return this.#end(NOTHING);
    if (!this.#operation.isNext || stream.untakenBytes > UNTAKEN_BYTES_MAX) return 'waits';
    const text = this.#nextLines();
    if (text !== '') stream.send(text);
    if (!this.#walk.isOver && this.#entriesLeft > 0) return 'goes on';
    return this.#end({ kind: 'line', line: DUMP_FORMATS[this.#request.format].end });
  }

  #nextLines(): string {
    const { format, classes } = this.#request;
    let text = '';
    this.#walk.step(RECORDS_PER_TURN, (record) => {
      if (this.#entriesLeft <= 0 || (classes !== null && !classes.has(slabClassOf(record)))) return;
      const line = DUMP_FORMATS[format].line(record);
      if (line === '') return;
      this.#bytesLeft -= line.length;
      if (this.#bytesLeft < 0) this.#entriesLeft = 0;
      else {
        this.#entriesLeft--;
        text += line;
      }
    });
    return text;
  }

  #end(reply: Reply): 'ended' {
    this.#answer(reply);
    return 'ended';
  }
}
