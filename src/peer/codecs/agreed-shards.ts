import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import type { AgreedShards } from '../../placement/agreed-shards.ts';
import type { Reshard } from '../../placement/reshard.ts';

/** The shards at the end of a placement in bytes, and back. */

export function writeShards(w: ByteWriter, agreed: readonly AgreedShards[]): void {
  w.u32(agreed.length);
  for (const { keyspace, groups } of agreed) {
    w.text(keyspace);
    w.u32(groups.length);
    for (const group of groups) writeGroup(w, group);
  }
}

export function readShards(r: ByteReader): readonly AgreedShards[] {
  return Array.from({ length: r.count(4 + 4) }, () => {
    const keyspace = r.text();
    const groups = Array.from({ length: r.count(4) }, () => readGroup(r));
    return { keyspace, shards: groups.length, groups };
  });
}

/** Each number takes one byte; or two, where one of them is 256 or more. */
function writeGroup(w: ByteWriter, group: readonly number[]): void {
  const isWide = group.some((number) => number > 0xff);
  w.u32(group.length + (isWide ? WIDE : 0));
  for (const number of group) {
    if (isWide) w.u8(number >> 8);
    w.u8(number & 0xff);
  }
}

function readGroup(r: ByteReader): readonly number[] {
  const length = r.u32();
  const isWide = length >= WIDE;
  const count = isWide ? length - WIDE : length;
  if (count * (isWide ? 2 : 1) > r.remaining) throw new FrameError(`${count} numbers do not fit their frame`);
  return Array.from({ length: count }, () => (isWide ? r.u8() * 256 : 0) + r.u8());
}

/** Added to the number of numbers that take two bytes each. */
const WIDE = 2 ** 31;

/** The names of the shards behind them, where a keyspace has been given another number of shards. */
export function writePlaces(w: ByteWriter, agreed: readonly AgreedShards[]): void {
  for (const { places = [] } of agreed) {
    w.u32(places.length);
    for (const place of places) w.text(place);
  }
}

export function readPlaces(r: ByteReader, agreed: readonly AgreedShards[]): readonly AgreedShards[] {
  return agreed.map((shards) => {
    const places = Array.from({ length: r.count(4) }, () => r.text());
    return places.length === 0 ? shards : { ...shards, places };
  });
}

/** The shards of a keyspace before and after the move that is under way. */
export function writeReshard(w: ByteWriter, { from, to }: Reshard): void {
  writeShards(w, [from, to]);
  writePlaces(w, [from, to]);
}

/** @throws FrameError */
export function readReshard(r: ByteReader): Reshard {
  const [from, to, ...others] = readPlaces(r, readShards(r));
  if (from === undefined || to === undefined || others.length > 0)
    throw new FrameError('a move has not the shards of two sides');
  return { from, to };
}
