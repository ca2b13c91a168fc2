import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import type { AgreedShards } from '../../placement/agreed-shards.ts';
import type { Reshard } from '../../placement/reshard.ts';

/** The shards at the end of a placement in bytes, and back. */

export function writeShards(w: ByteWriter, agreed: readonly AgreedShards[]): void {
  w.u32(agreed.length);
  for (const { keyspace, groups } of agreed) {
    w.text(keyspace);
    w.u32(groups.length);
    for (const group of groups) {
      w.u32(group.length);
      for (const number of group) w.u8(number);
    }
  }
}

export function readShards(r: ByteReader): readonly AgreedShards[] {
  return Array.from({ length: r.count(4 + 4) }, () => {
    const keyspace = r.text();
    const groups = Array.from({ length: r.count(4) }, () => Array.from({ length: r.count(1) }, () => r.u8()));
    return { keyspace, shards: groups.length, groups };
  });
}

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
