import { describe, expect, it } from 'vitest';
import {
  agreementOf,
  agreementOnOne,
  commonVersion,
  PREFACE_BYTES_MAX,
  prefaceIn,
  prefaceOf,
  prefaceOfOne,
  VERSIONS,
  versionRefusal,
} from '../../../src/peer/preface.ts';

const OWN = prefaceOf(VERSIONS);

describe('the preface', () => {
  it('consists of these bytes', () => {
    expect(OWN.toString('latin1')).toBe('\xfememchorus/2-4\n');
    expect(prefaceOfOne(2).toString('latin1')).toBe('\xfememchorus/2\n');
  });

  it('begins with a byte that no other protocol of the port begins with', () => {
    const others = [0x80, 0x81, 0x16];
    expect(OWN[0]).toBeGreaterThan(0x7f);
    expect(others).not.toContain(OWN[0]);
  });

  it.each([OWN, prefaceOfOne(2), prefaceOf({ min: 100, max: 999 })])(
    'is recognised however few of its bytes have arrived: %s',
    (bytes) => {
      for (let length = 1; length < bytes.length; length++) {
        expect(prefaceIn(bytes.subarray(0, length)).kind).toBe('partial');
      }
      expect(bytes.length).toBeLessThanOrEqual(PREFACE_BYTES_MAX);
    },
  );

  it('names a range of versions, or one version, and frames may follow it', () => {
    const more = Buffer.concat([OWN, Buffer.from('0-9\n')]);
    expect(prefaceIn(more)).toEqual({
      kind: 'peer',
      versions: VERSIONS,
      hasRange: true,
      length: OWN.length,
    });
    const one = prefaceOfOne(123);
    expect(prefaceIn(one)).toEqual({
      kind: 'peer',
      versions: { min: 123, max: 123 },
      hasRange: false,
      length: one.length,
    });
  });

  it.each([
    '',
    'get k\r\n',
    '\xfe\xfe',
    '\xfememchorus/\n',
    '\xfememchorus/1234\n',
    '\xfememchorus/1x',
    '\xfememchorus/-3\n',
    '\xfememchorus/2-\n',
    '\xfememchorus/2-1234\n',
    '\xfememchorus/3-2\n',
  ])('is not %j', (text) => {
    expect(prefaceIn(Buffer.from(text, 'latin1')).kind).toBe('none');
  });
});

describe('two ends', () => {
  it.each([
    [{ min: 2, max: 3 }, { min: 2, max: 3 }, 3],
    [{ min: 2, max: 3 }, { min: 3, max: 9 }, 3],
    [{ min: 1, max: 2 }, { min: 2, max: 3 }, 2],
    [{ min: 1, max: 9 }, { min: 4, max: 5 }, 5],
    [{ min: 1, max: 1 }, { min: 2, max: 3 }, null],
    [{ min: 4, max: 5 }, { min: 2, max: 3 }, null],
  ])('that speak %j and %j use version %s', (a, b, version) => {
    expect(commonVersion(a, b)).toBe(version);
    expect(commonVersion(b, a)).toBe(version);
    expect(agreementOf(a, b)?.version ?? null).toBe(version);
  });

  it('prove the secret over both prefaces, and in version 2 over the preface of that version', () => {
    const caller = { min: 2, max: 4 };
    expect(agreementOf(caller, VERSIONS)?.prefaces).toEqual(Buffer.concat([prefaceOf(caller), OWN]));
    expect(agreementOnOne(2)).toEqual({ version: 2, prefaces: prefaceOfOne(2) });
  });

  it('without a common version are told both ranges', () => {
    expect(versionRefusal({ min: 5, max: 6 }, VERSIONS)).toBe(
      'it speaks versions 5 to 6 of the peer protocol, and this controller speaks versions 2 to 4',
    );
    expect(versionRefusal({ min: 1, max: 1 }, VERSIONS)).toBe(
      'it speaks version 1 of the peer protocol, and this controller speaks versions 2 to 4',
    );
  });
});
