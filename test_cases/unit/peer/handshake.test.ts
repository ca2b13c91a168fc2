import { describe, expect, it } from 'vitest';
import { type Belonging, PREFACE, refusalOf } from '../../../src/peer/handshake.ts';
import type { Hello } from '../../../src/peer/messages.ts';

const OWN: Belonging = {
  cluster: 'ours',
  level: 'sequential',
  peers: 'a:1,b:2',
  node: 0,
  aheadMs: (time) => time - 1000,
  maxClockSkewMs: 500,
};
const HELLO: Hello = {
  type: 'hello',
  cluster: 'ours',
  level: 'sequential',
  peers: 'a:1,b:2',
  node: 1,
  incarnation: 7,
  wallTime: 1000,
};

describe('the handshake', () => {
  it('takes a peer of the same cluster', () => {
    expect(refusalOf(HELLO, OWN)).toBeNull();
    expect(refusalOf({ ...HELLO, wallTime: 1500 }, OWN)).toBeNull();
    expect(refusalOf({ ...HELLO, wallTime: 0 }, OWN)).toBeNull();
  });

  it.each([
    [{ cluster: 'theirs' }, 'cluster "theirs" is not "ours"'],
    [{ peers: 'a:1,c:3' }, 'its peers (a:1,c:3) are not the same as here (a:1,b:2)'],
    [{ level: 'eventual' }, 'level eventual is not sequential'],
    [{ node: 0 }, 'two controllers claim to be number 0'],
    [{ wallTime: 4500 }, 'its clock is 3.5 s ahead (max_clock_skew 0.5 s)'],
  ])('turns away %j, and says why', (difference, reason) => {
    expect(refusalOf({ ...HELLO, ...difference }, OWN)).toBe(reason);
  });

  it('begins with a byte that no other protocol of the port begins with', () => {
    const others = [0x80, 0x81, 0x16];
    expect(PREFACE[0]).toBeGreaterThan(0x7f);
    expect(others).not.toContain(PREFACE[0]);
  });
});
