import { tokenOf } from '../../src/consistency/conditional.ts';
import { decide, needsValue } from '../../src/consistency/decide.ts';
import { DIFFERENCE_LIMITS } from '../../src/consistency/differences.ts';
import type { Version } from '../../src/ordering/version.ts';
import { isExpired } from '../../src/protocol/expiry.ts';
import { type Hit, REPLIES, type Reply } from '../../src/protocol/reply.ts';
import type { ConditionalRequest, Request } from '../../src/protocol/request.ts';
import type { ExistingEntry } from '../../src/replication/evaluation.ts';

const CONDITIONAL: ReadonlySet<string> = new Set(['storage', 'arithmetic', 'touch', 'delete', 'read_item']);

/** A memcached without replication: it applies this project's rules for operations to a map. */
export class DecidingStore {
  readonly #entries = new Map<string, ExistingEntry>();
  readonly #itemBytesMax: number;
  #time = 0;

  constructor(itemBytesMax: number) {
    this.#itemBytesMax = itemBytesMax;
  }

  answer(request: Request): Reply {
    switch (request.kind) {
      case 'get':
        return { kind: 'hits', hits: request.keys.flatMap((key) => this.#hit(key)) };
      case 'gat': {
        const hits = request.keys.flatMap((key) => this.#hit(key));
        for (const { key } of hits) this.#decide({ kind: 'gat-one', key, exptime: request.exptime });
        return { kind: 'hits', hits };
      }
      case 'flush_all':
        if (request.delay <= 1) this.#entries.clear();
        return REPLIES.ok;
      case 'stats':
        return { kind: 'line', line: request.words[0] === 'reset' ? 'RESET' : 'ERROR' };
      case 'version':
        return { kind: 'line', line: 'VERSION 1.6.18' };
      default:
        return CONDITIONAL.has(request.kind) ? this.#decide(request as ConditionalRequest) : REPLIES.ok;
    }
  }

  #decide(request: ConditionalRequest): Reply {
    const found = this.#find(request.key);
    const seen = found === null || needsValue(request) ? found : { ...found, value: Buffer.alloc(0) };
    const context = {
      nowMs: Date.now(),
      itemBytesMax: this.#itemBytesMax,
      differences: DIFFERENCE_LIMITS,
    };
    const { change, reply } = decide(request, seen, context);
    const version: Version = { time: ++this.#time, node: 0 };
    if (change?.kind === 'delete') this.#entries.delete(request.key);
    else if (change?.kind === 'set') {
      const value = Buffer.from(change.value!);
      this.#entries.set(request.key, { ...change, value, version, readAtSec: 0, base: null });
    }
    return reply(version);
  }

  #find(key: string): ExistingEntry | null {
    const found = this.#entries.get(key);
    return found === undefined || isExpired(found.expiresAtMs, Date.now()) ? null : found;
  }

  #hit(key: string): Hit[] {
    const found = this.#find(key);
    return found === null ? [] : [{ key, flags: found.flags, value: found.value, cas: tokenOf(found) }];
  }
}
