import { describe, expect, it } from 'vitest';
import {
  type Belonging,
  PREFACE,
  PROTOCOL_VERSION,
  prefaceIn,
  refusalOf,
  versionRefusal,
} from '../../../src/peer/handshake.ts';
import type { Hello } from '../../../src/peer/messages.ts';

const OWN: Belonging = {
  cluster: 'ours',
  level: 'sequential',
  peers: 'a:1,b:2',
  node: 0,
};
const HELLO: Hello = {
  type: 'hello',
  cluster: 'ours',
  level: 'sequential',
  peers: 'a:1,b:2',
  node: 1,
  incarnation: 7,
  nonce: Buffer.alloc(32),
  hasSecret: true,
  onNetwork: false,
};

describe('the handshake', () => {
  it('takes a peer of the same cluster', () => {
    expect(refusalOf(HELLO, OWN)).toBeNull();
  });

  it.each([
    [{ cluster: 'theirs' }, 'cluster "theirs" is not "ours"'],
    [{ peers: 'a:1,c:3' }, 'its peers (a:1,c:3) are not the same as here (a:1,b:2)'],
    [{ level: 'eventual' }, 'level eventual is not sequential'],
    [{ node: 0 }, 'two controllers claim to be number 0'],
  ])('turns away %j, and says why', (difference, reason) => {
    expect(refusalOf({ ...HELLO, ...difference }, OWN)).toBe(reason);
  });

  it('refuses versions that are too far ahead, and says by how much', () => {
    expect(versionRefusal(500, 500)).toBeNull();
    expect(versionRefusal(-10_000, 500)).toBeNull();
    expect(versionRefusal(3_500, 500)).toBe('its versions are 3.5 s ahead (max_clock_skew 0.5 s)');
  });

  it('begins with a byte that no other protocol of the port begins with', () => {
    const others = [0x80, 0x81, 0x16];
    expect(PREFACE[0]).toBeGreaterThan(0x7f);
    expect(others).not.toContain(PREFACE[0]);
  });

  it('knows a preface of any version, however few of its bytes have arrived', () => {
    for (let length = 1; length < PREFACE.length; length++) {
      expect(prefaceIn(PREFACE.subarray(0, length)).kind).toBe('partial');
    }
    const more = Buffer.concat([PREFACE, Buffer.from('more')]);
    expect(prefaceIn(more)).toEqual({ kind: 'peer', version: PROTOCOL_VERSION, length: PREFACE.length });
    const other = Buffer.from('\xfememchorus/123\n', 'latin1');
    expect(prefaceIn(other)).toEqual({ kind: 'peer', version: 123, length: other.length });
  });

  it.each(['', 'get k\r\n', '\xfe\xfe', '\xfememchorus/\n', '\xfememchorus/1234\n', '\xfememchorus/1x'])(
    'takes %j for no preface',
    (text) => {
      expect(prefaceIn(Buffer.from(text, 'latin1')).kind).toBe('none');
    },
  );
});
