import { crc32 } from 'node:zlib';
import type { Disk, DiskFile } from './disk.ts';
import { DamageError } from './journal-error.ts';
import type { LogPosition } from './log-entry.ts';

const SLOT_BYTES = 28;
const SLOT_EVERY = 512;

/** The file, and the position that it named when it was opened. */
interface OpenedFlushedPosition {
  readonly file: FlushedPosition;
  readonly position: LogPosition;
}

interface Slot {
  readonly sequence: number;
  readonly position: LogPosition;
}

/**
 * A small file that says how far the log was known to be on disk. Without it, a log that was cut short, or whose
 * last file is missing, could not be told from a shorter log.
 *
 * The file is written after the flush that it tells of, and is not flushed itself. So the position in it is always
 * true, though it may not be the latest. Two slots, each within one sector of the disk, are written in turn, so
 * that one of them is whole after a crash.
 *
 *     0…3 checksum of the rest   4…7 id of the directory   8…15 sequence   16…19 file   20…27 at
 */
export class FlushedPosition {
  readonly #file: DiskFile;
  readonly #directoryId: number;
  #sequence: number;
  /** The write in progress. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: DiskFile, directoryId: number, sequence: number) {
    this.#file = file;
    this.#directoryId = directoryId;
    this.#sequence = sequence;
  }

  static async create(disk: Disk, path: string, directoryId: number): Promise<FlushedPosition> {
    const flushed = new FlushedPosition(await disk.open(path, 'create'), directoryId, 0);
    await flushed.set({ file: 0, at: 0 });
    await flushed.sync();
    return flushed;
  }

  /** @throws DamageError when no slot is whole, or they belong to another directory */
  static async open(disk: Disk, path: string, directoryId: number): Promise<OpenedFlushedPosition> {
    const bytes = await disk.readAll(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT'
        ? new DamageError('the record of how far the journal was flushed is missing')
        : error;
    });
    const slots = [0, SLOT_EVERY]
      .map((at) => readSlot(bytes, at, directoryId))
      .filter((slot) => slot !== null);
    const newest = slots.sort((a, b) => b.sequence - a.sequence)[0];
    if (newest === undefined)
      throw new DamageError('the record of how far the journal was flushed does not match its checksum');
    const flushed = new FlushedPosition(await disk.open(path, 'existing'), directoryId, newest.sequence);
    return { file: flushed, position: newest.position };
  }

  /** Writes the position, after all writes before it. */
  set({ file, at }: LogPosition): Promise<void> {
    const slot = Buffer.alloc(SLOT_BYTES);
    this.#sequence++;
    slot.writeUInt32BE(this.#directoryId, 4);
    slot.writeDoubleBE(this.#sequence, 8);
    slot.writeUInt32BE(file, 16);
    slot.writeDoubleBE(at, 20);
    slot.writeUInt32BE(crc32(slot.subarray(4)), 0);
    const slotAt = (this.#sequence % 2) * SLOT_EVERY;
    this.#writing = this.#writing.catch(() => {}).then(() => this.#file.write(slot, slotAt));
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

function readSlot(bytes: Buffer, at: number, directoryId: number): Slot | null {
  if (bytes.length < at + SLOT_BYTES) return null;
  const slot = bytes.subarray(at, at + SLOT_BYTES);
  if (slot.readUInt32BE(0) !== crc32(slot.subarray(4)) || slot.readUInt32BE(4) !== directoryId) return null;
  return {
    sequence: slot.readDoubleBE(8),
    position: { file: slot.readUInt32BE(16), at: slot.readDoubleBE(20) },
  };
}
