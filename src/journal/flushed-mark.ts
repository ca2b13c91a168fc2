import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from './disk.ts';
import { DamageError } from './journal-error.ts';
import type { Place } from './log-entry.ts';

/**
 * A small file that says how far the log was known to be on disk, so that one which was cut short, or whose last
 * file is missing, does not pass for a shorter one.
 *
 * It is written after the flush that it tells of, and not flushed itself, so what it says is true whenever it is
 * found, if not always the latest. Two slots, each within one sector, take turns: one of them is whole.
 *
 *     0…3 checksum of the rest   4…7 store   8…15 sequence   16…19 file   20…27 at
 */
const SLOT_BYTES = 28;
const SLOT_EVERY = 512;

export class FlushedMark {
  readonly #file: DiskFile;
  readonly #store: number;
  #sequence: number;
  /** The write under way. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: DiskFile, store: number, sequence: number) {
    this.#file = file;
    this.#store = store;
    this.#sequence = sequence;
  }

  static async create(disk: Disk, path: string, store: number): Promise<FlushedMark> {
    const mark = new FlushedMark(await disk.open(path, 'create'), store, 0);
    await mark.set({ file: 0, at: 0 });
    await mark.sync();
    return mark;
  }

  /** @throws DamageError when neither slot is whole, or they are another directory's */
  static async open(disk: Disk, path: string, store: number): Promise<{ mark: FlushedMark; place: Place }> {
    const bytes = await disk.readAll(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new DamageError('the mark of what was flushed is missing') : error;
    });
    const slots = [0, SLOT_EVERY].map((at) => readSlot(bytes, at, store)).filter((slot) => slot !== null);
    const newest = slots.sort((a, b) => b.sequence - a.sequence)[0];
    if (newest === undefined)
      throw new DamageError('the mark of what was flushed does not match its checksum');
    const mark = new FlushedMark(await disk.open(path, 'existing'), store, newest.sequence);
    return { mark, place: newest.place };
  }

  /** One write at a time, in order. */
  set(place: Place): Promise<void> {
    const slot = Buffer.alloc(SLOT_BYTES);
    this.#sequence++;
    slot.writeUInt32BE(this.#store, 4);
    slot.writeDoubleBE(this.#sequence, 8);
    slot.writeUInt32BE(place.file, 16);
    slot.writeDoubleBE(place.at, 20);
    slot.writeUInt32BE(crc32(slot.subarray(4)), 0);
    const at = (this.#sequence % 2) * SLOT_EVERY;
    this.#writing = this.#writing.catch(() => {}).then(() => this.#file.write(slot, at));
    return this.#writing;
  }

  async sync(): Promise<void> {
    await this.#writing;
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }
}

function readSlot(bytes: Buffer, at: number, store: number): { sequence: number; place: Place } | null {
  if (bytes.length < at + SLOT_BYTES) return null;
  const slot = bytes.subarray(at, at + SLOT_BYTES);
  if (slot.readUInt32BE(0) !== crc32(slot.subarray(4)) || slot.readUInt32BE(4) !== store) return null;
  return {
    sequence: slot.readDoubleBE(8),
    place: { file: slot.readUInt32BE(16), at: slot.readDoubleBE(20) },
  };
}
