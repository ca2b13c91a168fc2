import type { Hit, Reply } from '../../src/protocol/reply.ts';
import { clientError, REPLIES } from '../../src/protocol/reply.ts';
import type { InvalidRequest, Request, StorageRequest } from '../../src/protocol/request.ts';

/** The part of a memcached that tests of the protocol need: one server, whose clock stands still. */
export class ToyStore {
  readonly #hits = new Map<string, Hit>();
  #cas = 0n;

  answer(request: Exclude<Request, InvalidRequest>): Reply {
    switch (request.kind) {
      case 'get':
        return { kind: 'hits', hits: this.#find(request.keys) };
      case 'gat': {
        const hits = this.#find(request.keys);
        for (const { key } of hits) this.#expire(key, request.exptime);
        return { kind: 'hits', hits };
      }
      case 'storage':
        return this.#store(request);
      case 'arithmetic':
        return this.#add(request.key, request.verb === 'incr' ? request.delta : -request.delta);
      case 'touch':
        if (!this.#hits.has(request.key)) return REPLIES.notFound;
        this.#expire(request.key, request.exptime);
        return REPLIES.touched;
      case 'delete':
        return this.#hits.delete(request.key) ? REPLIES.deleted : REPLIES.notFound;
      case 'flush_all':
        if (request.delay === 0) this.#hits.clear();
        return REPLIES.ok;
      case 'verbosity':
        return REPLIES.ok;
      default:
        return { kind: 'line', line: 'ERROR' };
    }
  }

  #find(keys: readonly string[]): Hit[] {
    return keys.flatMap((key) => this.#hits.get(key) ?? []);
  }

  #store({ verb, key, flags, exptime, value, compare }: StorageRequest): Reply {
    const old = this.#hits.get(key);
    if (verb === 'cas' && old === undefined) return REPLIES.notFound;
    if (verb === 'cas' && old?.cas !== compare) return REPLIES.exists;
    if (verb === 'add' ? old !== undefined : verb !== 'set' && old === undefined) return REPLIES.notStored;
    const joins = old !== undefined && (verb === 'append' || verb === 'prepend');
    const before = joins && verb === 'append' ? old.value : Buffer.alloc(0);
    const after = joins && verb === 'prepend' ? old.value : Buffer.alloc(0);
    const bytes = Buffer.concat([before, value, after]);
    this.#hits.set(key, { key, flags: joins ? old.flags : flags, value: bytes, cas: ++this.#cas });
    if (!joins) this.#expire(key, exptime);
    return REPLIES.stored;
  }

  #add(key: string, delta: bigint): Reply {
    const old = this.#hits.get(key);
    if (old === undefined) return REPLIES.notFound;
    if (!/^\d{1,20}$/.test(old.value.toString())) {
      return clientError('cannot increment or decrement non-numeric value');
    }
    const sum = BigInt(old.value.toString()) + delta;
    const value = sum < 0n ? 0n : BigInt.asUintN(64, sum);
    this.#hits.set(key, { ...old, value: Buffer.from(`${value}`), cas: ++this.#cas });
    return { kind: 'number', value, cas: 0n, ttl: -1, ttlBefore: -1, atMs: 0 };
  }

  #expire(key: string, exptime: number): void {
    if (exptime < 0) this.#hits.delete(key);
  }
}
