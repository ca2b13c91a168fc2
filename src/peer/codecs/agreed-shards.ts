import type { ByteReader, ByteWriter } from '../../base/byte-writer.ts';
import type { AgreedShards } from '../../placement/agreed-shards.ts';

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
