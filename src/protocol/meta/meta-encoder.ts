import type { WallMs } from '../../base/number-kinds.ts';
import { absoluteExpiryMs, ttlSeconds } from '../expiry.ts';
import { EXPTIME_RELATIVE_SECONDS_MAX } from '../limits.ts';
import type { Item, Outcome, Reply } from '../reply.ts';
import type { ReplyBuffer } from '../reply-buffer.ts';
import type { Request } from '../request.ts';
import { encodeKey } from './base64-key.ts';
import type { MetaFlags } from './meta-flags.ts';
import { itemBytes, slabClass } from './slab-class.ts';

/**
 * Answers to meta commands. Flags come back in the order in which they were sent. The states of the entry follow: Z
 * (another client has won), X (out of date), W (this client has won).
 */

const CODES: Readonly<Record<Outcome, string>> = {
  stored: 'HD',
  deleted: 'HD',
  touched: 'HD',
  ok: 'HD',
  not_stored: 'NS',
  exists: 'EX',
  not_found: 'NF',
};

const REFUSED = new Set<Outcome>(['not_stored', 'exists', 'not_found']);

/** @returns false for a reply that is the same for all commands, such as an error, and was not written here */
export function encodeMeta(flags: MetaFlags, request: Request, reply: Reply, out: ReplyBuffer): boolean {
  switch (reply.kind) {
    case 'item':
      if (flags.command === 'me') encodeDebug(flags, reply.item, out);
      else encodeItem(flags, reply.item, out);
      return true;
    case 'number':
      encodeNumber(flags, reply, out);
      return true;
    case 'outcome':
      encodeOutcome(flags, request, reply, out);
      return true;
    case 'hits':
    case 'line':
    case 'lines':
    case 'stats':
    case 'client_error':
    case 'server_error':
      return false;
  }
}

function encodeOutcome(
  flags: MetaFlags,
  request: Request,
  { outcome, cas, valueBytes }: Extract<Reply, { kind: 'outcome' }>,
  out: ReplyBuffer,
): void {
  const { command, quiet } = flags;
  if (command === 'mn') return out.text('MN\r\n');
  if (command === 'me') return out.text('EN\r\n');
  if (command === 'mg') {
    if (!quiet) out.text(`EN${echoes(flags)}\r\n`);
    return;
  }
  const refused = REFUSED.has(outcome);
  if (quiet && !refused) return;
  if (command !== 'ms' || request.kind !== 'storage')
    return out.text(`${CODES[outcome]}${echoes(flags)}\r\n`);
  let line = CODES[outcome];
  for (const flag of flags.returns) {
    if (flag === 'c') line += ` c${cas ?? 0n}`;
    else if (flag === 's' && !refused) line += ` s${valueBytes ?? request.value.length}`;
    else line += echo(flags, flag);
  }
  out.text(`${line}\r\n`);
}

function encodeItem(flags: MetaFlags, item: Item, out: ReplyBuffer): void {
  const { value } = item;
  let line = flags.value ? `VA ${value.length}` : 'HD';
  for (const flag of flags.returns) line += itemFlag(flags, item, flag);
  if (item.taken) line += ' Z';
  if (item.stale) line += ' X';
  if (item.won) line += ' W';
  out.text(`${line}\r\n`);
  if (!flags.value) return;
  out.bytes(value);
  out.text('\r\n');
}

function itemFlag(flags: MetaFlags, item: Item, flag: string): string {
  switch (flag) {
    case 's':
      return ` s${item.value.length}`;
    case 't':
      return ` t${ttlOf(flags, item)}`;
    case 'c':
      return ` c${item.cas}`;
    case 'f':
      return ` f${item.flags}`;
    case 'l':
      return ` l${item.idleSeconds}`;
    case 'h':
      return ` h${item.hitBefore ? 1 : 0}`;
    default:
      return echo(flags, flag);
  }
}

/** `t` shows the time that the flags before it on the line have left. */
function ttlOf(flags: MetaFlags, { ttl, ttlBefore, atMs }: Pick<Item, 'ttl' | 'ttlBefore' | 'atMs'>): number {
  if (ttlBefore === null) return ttlOfMade(flags, atMs);
  return flags.ttlAfterTouch ? ttl : ttlBefore;
}

/** The last exptime that the entry was given. A flag behind `t` may have replaced it. */
function ttlOfMade({ ttlIfMade }: MetaFlags, atMs: WallMs): number {
  if (ttlIfMade <= EXPTIME_RELATIVE_SECONDS_MAX) return ttlIfMade === 0 ? -1 : Math.max(0, ttlIfMade);
  return ttlSeconds(absoluteExpiryMs(ttlIfMade, atMs), atMs);
}

function encodeNumber(flags: MetaFlags, reply: Extract<Reply, { kind: 'number' }>, out: ReplyBuffer): void {
  const { value, cas, ttlBefore } = reply;
  // memcached answers a quiet client if it has made an entry for it.
  if (flags.quiet && ttlBefore !== null) return;
  const digits = flags.value ? value.toString() : '';
  let line = flags.value ? `VA ${digits.length}` : 'HD';
  for (const flag of flags.returns) {
    if (flag === 'c') line += ` c${cas}`;
    else if (flag === 't') line += ` t${ttlOf(flags, reply)}`;
    else line += echo(flags, flag);
  }
  out.text(flags.value ? `${line}\r\n${digits}\r\n` : `${line}\r\n`);
}

/** Human-readable. Sizes and class are those that a memcached with its defaults would show. */
function encodeDebug(flags: MetaFlags, item: Item, out: ReplyBuffer): void {
  const { ttl, idleSeconds, cas, hitBefore } = item;
  const size = itemBytes(item.key.length, item.flags, item.value.length);
  // memcached shows the time with this sign.
  const exp = ttl === -1 ? ttl : -ttl;
  const fetch = hitBefore ? 'yes' : 'no';
  out.text(
    `ME ${keyOf(flags)} exp=${exp} la=${idleSeconds} cas=${cas} fetch=${fetch} cls=${slabClass(size)} size=${size}\r\n`,
  );
}

/** The flags that are returned even if there is no entry. */
function echoes(flags: MetaFlags): string {
  let text = '';
  for (const flag of flags.returns) text += echo(flags, flag);
  return text;
}

function echo(flags: MetaFlags, flag: string): string {
  if (flag === 'O') return ` ${flags.opaque}`;
  if (flag === 'y') return flags.session?.given ? ` y${flags.session.given}` : '';
  if (flag === 'G') return ` G${flags.level?.served}`;
  if (flag === 'A') return ` A${flags.age?.servedMs}`;
  if (flag !== 'k') return '';
  return flags.binaryKey ? ` k${keyOf(flags)} b` : ` k${keyOf(flags)}`;
}

function keyOf({ binaryKey, key }: MetaFlags): string {
  return binaryKey ? encodeKey(key) : key;
}
