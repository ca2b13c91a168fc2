import { type ByteReader, FrameError } from '../../base/byte-writer.ts';
import { numbering } from '../../base/numbering.ts';
import type { Fetch, Fetched, FetchedMany, FetchMany } from '../../replication/restore/messages.ts';
import type { Codec } from './codec.ts';
import { readEffects, readVersion, wordOf, writeEffects, writeVersion } from './fields.ts';

/** The messages about values that a store has lost in bytes. */

/** What became of a value that was asked for. */
const OUTCOMES = numbering<Fetched['outcome']>({ found: 0, lost: 1, other: 2, failed: 3 });

/** Bytes of an empty key and a version. */
const WANTED_BYTES_MIN = 4 + 9;

/** Most values in one question. No controller asks for as many. */
const WANTED_MAX = 4_096;

function wantedCount(reader: ByteReader, itemBytesMin: number): number {
  const count = reader.count(itemBytesMin);
  if (count > WANTED_MAX) throw new FrameError(`${count} values in one question`);
  return count;
}

export const fetch: Codec<Fetch> = {
  write(w, m) {
    w.u32(m.id);
    w.text(m.key);
    writeVersion(w, m.version);
  },
  read: (r) => ({ type: 'fetch', id: r.u32(), key: r.text(), version: readVersion(r) }),
};

export const fetched: Codec<Fetched> = {
  write(w, m) {
    w.u32(m.id);
    w.u8(OUTCOMES.numberOf[m.outcome]);
    writeEffects(w, m.effect === null ? [] : [m.effect]);
  },
  read: (r) => ({
    type: 'fetched',
    id: r.u32(),
    outcome: wordOf(OUTCOMES, r.u8()),
    effect: readEffects(r)[0] ?? null,
  }),
};

export const fetchMany: Codec<FetchMany> = {
  write(w, m) {
    w.u32(m.id);
    w.u32(m.wanted.length);
    for (const { key, version } of m.wanted) {
      w.text(key);
      writeVersion(w, version);
    }
  },
  read: (r) => ({
    type: 'fetch-many',
    id: r.u32(),
    wanted: Array.from({ length: wantedCount(r, WANTED_BYTES_MIN) }, () => ({
      key: r.text(),
      version: readVersion(r),
    })),
  }),
};

export const fetchedMany: Codec<FetchedMany> = {
  write(w, m) {
    w.u32(m.id);
    w.u32(m.outcomes.length);
    for (const outcome of m.outcomes) w.u8(OUTCOMES.numberOf[outcome]);
    writeEffects(w, m.effects);
  },
  read: (r) => ({
    type: 'fetched-many',
    id: r.u32(),
    outcomes: Array.from({ length: wantedCount(r, 1) }, () => wordOf(OUTCOMES, r.u8())),
    effects: readEffects(r),
  }),
};
