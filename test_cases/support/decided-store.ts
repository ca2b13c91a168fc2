import { decide } from '../../src/consistency/decide.ts';
import { DIFFERENCE_LIMITS } from '../../src/consistency/differences.ts';
import { VERSION_EPOCH_MS, type Version, versionTimeOfMs } from '../../src/ordering/version.ts';
import { ITEM_BYTES_DEFAULT } from '../../src/protocol/limits.ts';
import { readItemRequest } from '../../src/protocol/make-request.ts';
import { type Hit, REPLIES, type Reply } from '../../src/protocol/reply.ts';
import type { ConditionalRequest, InvalidRequest, Request } from '../../src/protocol/request.ts';
import type { ExistingEntry } from '../../src/replication/evaluation.ts';

/** One controller's decisions without replication: a map is its store, and the test sets its clock. */
export class DecidedStore {
  nowMs = VERSION_EPOCH_MS + 1e11;
  readonly #entries = new Map<string, ExistingEntry>();
  #ticks = 0;

  answer(request: Exclude<Request, InvalidRequest>): Reply {
    switch (request.kind) {
      case 'get':
        return { kind: 'hits', hits: request.keys.flatMap((key) => this.#hit(key)) };
      case 'gat':
        for (const key of request.keys) this.#decide({ kind: 'gat-one', key, exptime: request.exptime });
        return { kind: 'hits', hits: request.keys.flatMap((key) => this.#hit(key)) };
      case 'storage':
      case 'arithmetic':
      case 'delete':
        return this.#decide(request);
      case 'touch':
        return this.#noticed(request.key, this.#decide(request));
      case 'read_item':
        return request.countsAsRead
          ? this.#noticed(request.key, this.#decide(request))
          : this.#decide(request);
      case 'debug':
        return this.#decide(readItemRequest(request.key));
      default:
        return REPLIES.ok;
    }
  }

  #decide(request: ConditionalRequest): Reply {
    const version: Version = { time: versionTimeOfMs(this.nowMs) + ++this.#ticks, node: 0 };
    const context = {
      nowMs: this.nowMs,
      itemBytesMax: ITEM_BYTES_DEFAULT,
      differences: DIFFERENCE_LIMITS,
    };
    const { change, reply } = decide(request, this.#find(request.key), context);
    if (change?.kind === 'delete') this.#entries.delete(request.key);
    else if (change?.kind === 'set' && change.value !== null) {
      const { flags, expiresAtMs, token, marks, value } = change;
      this.#entries.set(request.key, {
        version,
        flags,
        expiresAtMs,
        token,
        marks,
        value: Buffer.from(value),
        readAtSec: 0,
        base: null,
      });
    }
    return reply(version);
  }

  #find(key: string): ExistingEntry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined || (entry.expiresAtMs !== 0 && entry.expiresAtMs <= this.nowMs)) return null;
    return entry;
  }

  #noticed(key: string, reply: Reply): Reply {
    const entry = this.#find(key);
    if (entry !== null) this.#entries.set(key, { ...entry, readAtSec: Math.floor(this.nowMs / 1000) });
    return reply;
  }

  #hit(key: string): Hit[] {
    const entry = this.#find(key);
    this.#noticed(key, REPLIES.ok);
    return entry === null ? [] : [{ key, flags: entry.flags, value: entry.value, cas: 0n }];
  }
}
