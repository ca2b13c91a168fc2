import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, inOnePiece } from '../../../src/base/byte-writer.ts';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import { decodeToken, encodeToken, type TokenPorts } from '../../../src/consistency/session-token.ts';
import { entryBytesMax, type LogEntry, readEntry, writeEntry } from '../../../src/journal/log-entry.ts';
import { Stretches } from '../../../src/ordering/stretches.ts';
import { casOfVersion, compareVersions, placeOfCas } from '../../../src/ordering/version.ts';
import { readShards, writeShards } from '../../../src/peer/codecs/agreed-shards.ts';
import * as fields from '../../../src/peer/codecs/fields.ts';
import { decodeEntry, encodeEntry } from '../../../src/store/envelope.ts';

/** What versions have been written as since ids can be 256 and more. These bytes must not change. */

const TIME = 0x1f_fedc_ba98_7654;

const hexOf = (write: (w: ByteWriter) => void): string => {
  const writer = new ByteWriter();
  write(writer);
  return inOnePiece(writer.finish()).toString('hex');
};
const readerOf = (hex: string) => new ByteReader(Buffer.from(hex, 'hex'));
const versionOf = (node: number) => ({ time: TIME, node });

describe('an id of 256 and more', () => {
  it.each([
    [255, '001ffedcba987654ff'],
    [256, '011ffedcba98765400'],
    [1_023, '031ffedcba987654ff'],
  ])('%i stands in a version between peers', (node, hex) => {
    expect(hexOf((w) => fields.writeVersion(w, versionOf(node)))).toBe(hex);
    expect(fields.readVersion(readerOf(hex))).toEqual(versionOf(node));
  });

  it.each([
    [255, 'ff00000000000007ff'],
    [258, '0201000000000007ff'],
  ])('%i stands in front of an incarnation', (node, hex) => {
    const members = [{ node, incarnation: 0x7ff }];
    expect(hexOf((w) => fields.writeMembers(w, members))).toBe(`00000001${hex}`);
    expect(fields.readMembers(readerOf(`00000001${hex}`))).toEqual(members);
  });

  it('stands beside another one at the same number', () => {
    const hex = '05231ffedcba98765401';
    expect(hexOf((w) => fields.writeIdAndVersion(w, 0x205, versionOf(0x301)))).toBe(hex);
    expect(fields.readIdAndVersion(readerOf(hex))).toEqual([0x205, versionOf(0x301)]);
  });

  it('makes the numbers of a shard take two bytes', () => {
    const shards = [{ keyspace: 'k', shards: 1, groups: [[16, 2, 300]] }];
    const hex = '00000001000000016b00000001800000030010' + '0002012c';
    expect(hexOf((w) => writeShards(w, shards))).toBe(hex);
    expect(readShards(readerOf(hex))).toEqual(shards);
  });

  it.each([
    ['a version', '041ffedcba98765400', fields.readVersion],
    ['a ballot', 'ff0000000000000000', fields.readBallot],
    ['a member', '0000000100040000000000000000', fields.readMembers],
    ['a donor', '00401ffedcba98765400', fields.readIdAndVersion],
  ])('is refused in %s where it is more than a controller can have', (_, hex, read) => {
    expect(() => read(readerOf(hex))).toThrow('there is no controller');
  });

  it('stands in the log', () => {
    const bytesOf = (entry: LogEntry) => {
      const bytes = Buffer.alloc(entryBytesMax(entry));
      return bytes.subarray(0, writeEntry(entry, bytes, 0));
    };
    const version = bytesOf({ type: 'apply', version: versionOf(0x2ff) });
    expect(version.subarray(-9).toString('hex')).toBe('f21ffedcba987654ff');
    const entries: LogEntry[] = [
      { type: 'apply', version: versionOf(0x2ff) },
      { type: 'discard', version: { time: 0, node: 256 } },
      { type: 'incomplete', needs: [{ origin: 1_023, from: 0, to: TIME }] },
      { type: 'incomplete', needs: [{ origin: 3, from: TIME - 1, to: TIME }] },
    ];
    for (const entry of entries) expect(readEntry(bytesOf(entry))).toEqual(entry);
  });

  it('stands in what a store has', () => {
    const value = Buffer.from('v');
    const entry = { version: versionOf(0x301), flags: 0, expiresAtMs: 0, token: null, marks: 0, value };
    const stored = encodeEntry(entry);
    expect(stored.subarray(2, 10).toString('hex')).toBe('7ffedcba98765401');
    expect(decodeEntry(stored)).toEqual(entry);
    stored[2] = 0x9f;
    expect(decodeEntry(stored)).toBeNull();
  });

  it('stands in a session token of another format', () => {
    const ports: TokenPorts = {
      cluster: 'ours',
      mac: (bytes) => createHmac('sha256', 'secret').update(bytes).digest(),
    };
    for (const [origin, format] of [
      [255, 1],
      [256, 2],
      [IDS_END - 1, 2],
    ] as const) {
      const stretches = [{ origin, from: 0, to: TIME }];
      const token = encodeToken(ports, [{ group: 1, seen: Stretches.of(stretches) }]);
      expect(Buffer.from(token, 'base64url')[0]).toBe(format);
      const content = decodeToken(ports, token);
      expect(content.kind === 'seen' && [...content.parts[0]!.seen]).toEqual(stretches);
    }
  });

  it('stands above the time in a token for cas', () => {
    expect(casOfVersion(versionOf(0x3ff)).toString(16)).toBe('7ffedcba987654ff');
  });

  it('does not decide which of two tokens is of the later write (seed 2176000042)', () => {
    const node = fc.integer({ min: 0, max: IDS_END - 1 });
    const version = fc.record({ time: fc.maxSafeNat(), node });
    fc.assert(
      fc.property(version, version, (one, other) => {
        const isLater = placeOfCas(casOfVersion(one)) > placeOfCas(casOfVersion(other));
        expect(isLater).toBe(compareVersions(one, other) > 0);
      }),
    );
  });
});
