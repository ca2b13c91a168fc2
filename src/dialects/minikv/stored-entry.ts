import { createHash } from 'node:crypto';
import { KEY_BYTES_MAX } from '../../protocol/limits.ts';

/** One entry of MiniKV. */
export interface MiniKvEntry {
  readonly key: string;
  /** Larger for a key that was new later: a time in microseconds. */
  readonly createdAt: number;
  /** In JSON. */
  readonly valueText: string;
}

/**
 * How entries of MiniKV are stored. Its keys are any text, of any length, and the keys of the cluster are 1 to 250
 * bytes; so a key is stored as `=` and itself, in UTF-8, and a longer one as `#` and its SHA-256 in hexadecimal digits.
 * The value is a line `[createdAt,"key"]`, and below it the value in JSON.
 */
export const KEY_PREFIXES: readonly string[] = ['=', '#'];

/** @returns latin-1, one character a byte */
export function storedKeyOf(key: string): string {
  const bytes = Buffer.from(key, 'utf8');
  if (bytes.length < KEY_BYTES_MAX) return `=${bytes.toString('latin1')}`;
  return `#${createHash('sha256').update(bytes).digest('hex')}`;
}

export function storedValueOf({ key, createdAt, valueText }: MiniKvEntry): Buffer {
  return Buffer.from(`${JSON.stringify([createdAt, key])}\n${valueText}`);
}

/** @returns null for bytes that another client than MiniKV has stored */
export function entryOf(stored: Buffer): MiniKvEntry | null {
  const end = stored.indexOf(LINE_END);
  if (end === -1) return null;
  const head = parsedHead(stored.toString('utf8', 0, end));
  if (head === null) return null;
  return { ...head, valueText: stored.toString('utf8', end + 1) };
}

const LINE_END = 0x0a;

function parsedHead(line: string): Pick<MiniKvEntry, 'key' | 'createdAt'> | null {
  try {
    const head: unknown = JSON.parse(line);
    if (!Array.isArray(head)) return null;
    const [createdAt, key] = head as unknown[];
    return typeof createdAt === 'number' && typeof key === 'string' ? { createdAt, key } : null;
  } catch {
    return null;
  }
}
