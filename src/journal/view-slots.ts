import { crc32 } from 'node:zlib';

/**
 * The layout of the file with the view record: two slots of one size. Each holds one record as text: a checksum, the
 * record's number, the record as JSON, and spaces up to the end of the slot. A record that is too long for its slot
 * gets a file with larger ones. Release 0.1.0 wrote a single line instead, a checksum and the record, and replaced the
 * file for each record. Release 0.2.0 had smaller slots. Both forms are read too.
 */

/** The size of a slot, unless a record needs a larger one: twice as much, or four times, and so on. */
export const SLOT_BYTES = 32_768;

/** A record may have two configurations and two placements of the largest size. */
const SLOT_BYTES_MAX = 524_288;

/** The size of a slot of release 0.2.0. */
const SMALL_SLOT_BYTES = 8_192;

/** The newest record in the file, and the slot that the next record goes to. */
export interface FoundRecord {
  readonly text: string;
  readonly number: number;
  /** 0 or 1. Null when the file has the form of an earlier release, and has to be replaced as a whole. */
  readonly nextSlot: 0 | 1 | null;
  readonly slotBytes: number;
}

/** @returns null when no record in the file is whole */
export function newestRecord(file: Buffer): FoundRecord | null {
  const slotBytes = file.length / 2;
  if (!isSlotSize(slotBytes)) return recordOfLine(file);
  const slots = [0, 1].map((slot) =>
    recordOfSlot(file.toString('utf8', slot * slotBytes, (slot + 1) * slotBytes)),
  );
  const [first, second] = slots as [Numbered | null, Numbered | null];
  if (first === null && second === null) return null;
  const isFirst = second === null || (first !== null && first.number > second.number);
  const nextSlot = slotBytes === SMALL_SLOT_BYTES ? null : isFirst ? 1 : 0;
  return { ...(isFirst ? first! : second!), nextSlot, slotBytes };
}

function isSlotSize(bytes: number): boolean {
  if (bytes === SMALL_SLOT_BYTES) return true;
  return bytes >= SLOT_BYTES && bytes <= SLOT_BYTES_MAX && Number.isInteger(Math.log2(bytes / SLOT_BYTES));
}

/** A slot with this record. @param bytesMin it has so many bytes, or more where the record needs more */
export function slotOf(text: string, number: number, bytesMin: number): Buffer {
  const body = `${number} ${text}`;
  const line = Buffer.from(`${checksum(body)} ${body}`);
  let bytes = Math.max(SLOT_BYTES, bytesMin);
  while (line.length >= bytes - 1) bytes *= 2;
  if (bytes > SLOT_BYTES_MAX) throw new RangeError(`a view record of ${line.length} bytes fits no slot`);
  const slot = emptySlot(bytes);
  line.copy(slot);
  return slot;
}

export function emptySlot(bytes: number): Buffer {
  const slot = Buffer.alloc(bytes, ' ');
  slot.write('\n', bytes - 1);
  return slot;
}

interface Numbered {
  readonly text: string;
  readonly number: number;
}

function recordOfSlot(slot: string): Numbered | null {
  const body = checkedBody(slot.trimEnd());
  if (body === null) return null;
  const space = body.indexOf(' ');
  const number = Number(body.slice(0, space));
  return Number.isSafeInteger(number) ? { text: body.slice(space + 1), number } : null;
}

function recordOfLine(file: Buffer): FoundRecord | null {
  const text = checkedBody(file.toString('utf8').trimEnd());
  return text === null ? null : { text, number: 0, nextSlot: null, slotBytes: 0 };
}

/** What stands behind a checksum that is right. */
function checkedBody(line: string): string | null {
  const space = line.indexOf(' ');
  const body = line.slice(space + 1);
  return line.slice(0, space) === checksum(body) ? body : null;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
