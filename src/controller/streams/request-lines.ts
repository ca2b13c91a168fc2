import type { WallMs } from '../../base/number-kinds.ts';
import { EXPTIME_RELATIVE_SECONDS_MAX } from '../../protocol/limits.ts';
import { itemBytes, slabClass } from '../../protocol/meta/slab-class.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';
import type { Request, StorageRequest } from '../../protocol/request.ts';
import { uriEncoded } from './uri-encoded.ts';
import type { Watched } from './watch-words.ts';

/** A line of the log that `watch` shows, without the time and number in front of it. */
export interface LogLine {
  readonly of: Watched;
  readonly text: string;
}

/** The client of a request: the number of its connection, which stands where memcached names a file descriptor. */
type ConnectionId = number;

/**
 * The lines for a request that has been answered, in the format of memcached's logger. As in memcached, a read is of
 * the fetchers, and a write of the mutations. memcached logs no arithmetic and no touch; here they are mutations, too.
 */
export function linesOf(request: Request, reply: Reply, cfd: ConnectionId, nowMs: WallMs): LogLine[] {
  switch (request.kind) {
    case 'read_item': {
      const item = reply.kind === 'item' ? reply.item : null;
      return [fetched(request.key, item, cfd)];
    }
    case 'storage':
      return [stored(request, reply, cfd, nowMs)];
    case 'arithmetic': {
      const bytes = reply.kind === 'number' ? `${reply.value}`.length : 0;
      return [mutated(request.key, request.verb, statusOf(reply), 0, bytes, cfd)];
    }
    case 'touch':
      return [mutated(request.key, 'touch', statusOf(reply), ttlOf(request.exptime, nowMs), 0, cfd)];
    case 'delete':
      return reply.kind === 'outcome' && reply.outcome === 'deleted' ? [deleted(request)] : [];
    case 'flush_all':
      return [{ of: 'deletions', text: `type=flush_all delay=${ttlOf(request.delay, nowMs)} cfd=${cfd}` }];
    // The keys of a `get` are told of by `fetchLines`; the others touch no entry.
    case 'get':
    case 'gat':
    case 'admin':
    case 'debug':
    case 'invalid':
    case 'keyspace':
    case 'level':
    case 'member':
    case 'noop':
    case 'quit':
    case 'session':
    case 'show':
    case 'slowlog':
    case 'stats':
    case 'verbosity':
    case 'version':
    case 'who':
      return [];
  }
}

/**
 * The lines for the keys of a `get` from the one at `from` on. The hits come in the order of the keys.
 *
 * @param isAll the other keys have no entry; false: more hits may follow
 * @returns the place of the first key that is not told of
 */
export function fetchLines(
  keys: readonly string[],
  hits: readonly Hit[],
  from: number,
  isAll: boolean,
  cfd: ConnectionId,
  lines: LogLine[],
): number {
  let at = from;
  for (const hit of hits) {
    while (at < keys.length && keys[at] !== hit.key) lines.push(fetched(keys[at++]!, null, cfd));
    lines.push(fetched(hit.key, hit, cfd));
    at++;
  }
  while (isAll && at < keys.length) lines.push(fetched(keys[at++]!, null, cfd));
  return at;
}

function fetched(key: string, found: Pick<Hit, 'flags' | 'value'> | null, cfd: ConnectionId): LogLine {
  const status = found === null ? 'not_found' : 'found';
  const bytes = found?.value.length ?? 0;
  const cls = found === null ? 0 : slabClass(itemBytes(key.length, found.flags, bytes));
  const text = `type=item_get key=${uriEncoded(key)} status=${status} clsid=${cls} cfd=${cfd} size=${bytes}`;
  return { of: 'fetchers', text };
}

function stored(
  { key, verb, compare, exptime, value }: StorageRequest,
  reply: Reply,
  cfd: ConnectionId,
  nowMs: WallMs,
): LogLine {
  const cmd = compare === null ? verb : 'cas';
  return mutated(key, cmd, statusOf(reply), ttlOf(exptime, nowMs), value.length, cfd);
}

function mutated(
  key: string,
  cmd: string,
  status: string,
  ttl: number,
  bytes: number,
  cfd: ConnectionId,
): LogLine {
  const cls = slabClass(itemBytes(key.length, 0, bytes));
  const text =
    `type=item_store key=${uriEncoded(key)} status=${status} cmd=${cmd} ttl=${ttl} ` +
    `clsid=${cls} cfd=${cfd} size=${bytes}`;
  return { of: 'mutations', text };
}

function deleted({ key, wire }: Extract<Request, { kind: 'delete' }>): LogLine {
  const cmd = wire === undefined ? 'delete' : 'md';
  return { of: 'deletions', text: `type=deleted key=${uriEncoded(key)} cmd=${cmd} clsid=0 size=0` };
}

/** Seconds until the entry expires, 0 for never. */
function ttlOf(exptime: number, nowMs: WallMs): number {
  if (exptime <= EXPTIME_RELATIVE_SECONDS_MAX) return Math.max(0, exptime);
  return Math.max(0, exptime - Math.floor(nowMs / 1000));
}

/** memcached's words, and `failed` for a request that the cluster could not carry out. */
function statusOf(reply: Reply): string {
  if (reply.kind === 'outcome') return reply.outcome;
  return reply.kind === 'number' ? 'stored' : 'failed';
}
