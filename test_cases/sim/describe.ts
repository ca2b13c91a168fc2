import { TICKS_PER_MS, VERSION_EPOCH_MS } from '../../src/ordering/version.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { STARTED_AT_MS } from './sim-clock.ts';

/** Version time at the start of every simulation. */
const STARTED_AT_TIME = (STARTED_AT_MS - VERSION_EPOCH_MS) * TICKS_PER_MS;

/**
 * A message in few words: its type, and what it carries, by the shapes of the values rather than by the kind
 * of message, so that new kinds are described too.
 */
export function describeMessage(message: PeerMessage): string {
  const { type, ...fields } = message as PeerMessage & Readonly<Record<string, unknown>>;
  const said = Object.entries(fields).map(([name, value]) => `${name} ${describe(value, name)}`);
  return [type, ...said].join(' ');
}

/** `812.3/0`: millisecond since the start, tick in it, node. */
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
  if ('counter' in fields) return fields.counter === 0 ? '-' : `${fields.counter}.${fields.node}`;
  if ('node' in fields && 'incarnation' in fields) return `${fields.node}#${fields.incarnation}`;
  if ('time' in fields && 'node' in fields)
    return fields.time === 0 ? '-' : describeVersion(fields.time as number, fields.node as number);
  const said = Object.entries(fields).map(([field, one]) => `${field} ${describe(one, field)}`);
  return `{${said.join(' ')}}`;
}

/** Fields that hold version times. */
const VERSION_TIMES = new Set(['time', 'known', 'forgotten', 'previousTime']);

function describeEffect(effect: Fields): string {
  const { kind, key, value, version, base } = effect;
  const what =
    kind === 'set' ? `${key}=${value === null ? '?' : value}` : key === undefined ? kind : `${kind} ${key}`;
  const condition = base == null ? '' : ` if ${describe(base, '') === '-' ? 'none' : describe(base, '')}`;
  return `(${what} @${describe(version, '')}${condition})`;
}
