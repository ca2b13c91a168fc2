import { tokenOf } from '../../consistency/conditional.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { msOfVersionTime } from '../../ordering/version.ts';
import { itemBytes, slabClass } from '../../protocol/meta/slab-class.ts';
import { uriEncoded } from './uri-encoded.ts';

/** How a dump is written: memcached's formats, byte for byte. */
export interface DumpFormat {
  /** Empty for an entry that the format cannot name. */
  readonly line: (record: JournalRecord) => string;
  /** The line behind the last entry. */
  readonly end: string;
}

/** A key that cannot stand in a line of the text protocol. */
const BINARY_KEY = /[\x00-\x20\x7f]/;

export const DUMP_FORMATS = {
  metadump: { line: metadumpLine, end: 'END' },
  mgdump: { line: mgdumpLine, end: 'EN' },
  cachedump: { line: cachedumpLine, end: 'END' },
} as const satisfies Readonly<Record<string, DumpFormat>>;

/** The slab class of the entry in a memcached with its defaults, without the envelope. */
export function slabClassOf(record: JournalRecord): number {
  return slabClass(sizeOf(record));
}

/** The flags of an entry are not in the journal's index: they would add 4 bytes. */
function sizeOf({ key, valueBytes = 0 }: JournalRecord): number {
  return itemBytes(key.length, 0, valueBytes);
}

function metadumpLine(record: JournalRecord): string {
  const { key, expiresAtMs, readAtSec, version } = record;
  const expires = expiresAtMs === 0 ? -1 : Math.floor(expiresAtMs / 1000);
  const lastAccess = Math.max(readAtSec, Math.floor(msOfVersionTime(version.time) / 1000));
  const size = sizeOf(record);
  const fetched = readAtSec === 0 ? 'no' : 'yes';
  return (
    `key=${uriEncoded(key)} exp=${expires} la=${lastAccess} cas=${tokenOf(record)} ` +
    `fetch=${fetched} cls=${slabClass(size)} size=${size}\n`
  );
}

function mgdumpLine({ key }: JournalRecord): string {
  if (!BINARY_KEY.test(key)) return `mg ${key}\r\n`;
  return `mg ${Buffer.from(key, 'latin1').toString('base64')} b\r\n`;
}

function cachedumpLine({ key, expiresAtMs, valueBytes = 0 }: JournalRecord): string {
  if (BINARY_KEY.test(key)) return '';
  return `ITEM ${key} [${valueBytes} b; ${Math.floor(expiresAtMs / 1000)} s]\r\n`;
}
