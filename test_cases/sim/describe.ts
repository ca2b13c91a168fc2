import type { Ballot } from '../../src/membership/ballot.ts';
import { TICKS_PER_MS, VERSION_EPOCH_MS } from '../../src/ordering/version.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { nameOfChange, type Placement } from '../../src/placement/agreed-placement.ts';
import { STARTED_AT_MS } from './sim-clock.ts';

/** Version time at the start of every simulation. */
const STARTED_AT_TIME = (STARTED_AT_MS - VERSION_EPOCH_MS) * TICKS_PER_MS;

/**
 * A message in few words: its type and its fields. Fields that are empty or false are left out. A value is described by
 * its shape and not by the type of the message, so that new types of messages are described too.
 */
export function describeMessage(message: PeerMessage): string {
  const { type, ...fields } = message as PeerMessage & Readonly<Record<string, unknown>>;
  return `${type} ${describeFields(fields)}`.trim();
}

function describeFields(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => [name, describe(value, name)])
    .filter(([, value]) => !['', '-', '[]', 'false'].includes(value!))
    .map(([name, value]) => (value === 'true' ? name : `${name} ${value}`))
    .join(' ');
}

/** `2.1`: counter, proposer. */
export function describeBallot({ counter, node }: Ballot): string {
  return counter === 0 ? '-' : `${counter}.${node}`;
}

/** `812.3/0`: millisecond since the start, tick in that millisecond, controller. */
export function describeVersion(time: number, node: number): string {
  return `${describeTime(time)}/${node}`;
}

function describeTime(time: number): string {
  if (time === 0) return '-';
  const since = time - STARTED_AT_TIME;
  return `${Math.floor(since / TICKS_PER_MS)}.${((since % TICKS_PER_MS) + TICKS_PER_MS) % TICKS_PER_MS}`;
}

type Fields = Readonly<Record<string, unknown>>;

function describe(value: unknown, name: string): string {
  if (typeof value === 'number') return VERSION_TIMES.has(name) ? describeTime(value) : String(value);
  if (Buffer.isBuffer(value)) return value.toString();
  if (Array.isArray(value)) return `[${value.map((one) => describe(one, name)).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return String(value ?? '-');
  const fields = value as Fields;
  if ('kind' in fields && 'version' in fields) return describeEffect(fields);
  if ('epoch' in fields && 'keyspaces' in fields) return describePlacement(fields as unknown as Placement);
  if ('counter' in fields) return describeBallot(fields as unknown as Ballot);
  if ('node' in fields && 'incarnation' in fields) return `${fields.node}#${fields.incarnation}`;
  if ('time' in fields && 'node' in fields)
    return fields.time === 0 ? '-' : describeVersion(fields.time as number, fields.node as number);
  return `{${describeFields(fields)}}`;
}

/** `{epoch 2: default sequential; default to eventual: barrier}`. */
function describePlacement({ epoch, keyspaces, move }: Placement): string {
  const levels = keyspaces.map(({ name, level }) => `${name} ${level}`).join(', ');
  if (move === null) return `{epoch ${epoch}: ${levels}}`;
  const to = move.after?.level ?? 'nothing';
  return `{epoch ${epoch}: ${levels}; ${nameOfChange(move)} to ${to}: ${move.phase}}`;
}

/** Fields that hold version times. */
const VERSION_TIMES = new Set(['time', 'known', 'forgotten', 'previousTime']);

function describeEffect(effect: Fields): string {
  const { kind, key, value, version, condition } = effect;
  const what =
    kind === 'set' ? `${key}=${value === null ? '?' : value}` : key === undefined ? kind : `${kind} ${key}`;
  const named = condition == null ? null : describe(condition, '');
  const suffix = named === null ? '' : ` if ${named === '-' ? 'none' : named}`;
  return `(${what} @${describe(version, '')}${suffix})`;
}
