import { describe, expect, it } from 'vitest';
import {
  type ClusterIdentity,
  clockRefusal,
  OLDER_RELEASE,
  placementOnLink,
  refusalOf,
} from '../../../src/peer/cluster-identity.ts';
import type { Hello } from '../../../src/peer/messages.ts';

const OWN: ClusterIdentity = {
  cluster: 'ours',
  placement: 'sequential',
  peers: 'a:1,b:2',
  node: 0,
};
const HELLO: Hello = {
  type: 'hello',
  cluster: 'ours',
  placement: 'sequential',
  peers: 'a:1,b:2',
  node: 1,
  incarnation: 7,
  nonce: Buffer.alloc(32),
  hasSecret: true,
  onNetwork: false,
};

describe('the identity of a peer', () => {
  it('is accepted when the cluster is the same', () => {
    expect(refusalOf(HELLO, OWN, 4)).toBeNull();
  });

  it.each([
    [{ cluster: 'theirs' }, 'cluster "theirs" is not "ours"'],
    [{ peers: 'a:1,c:3' }, 'its peers (a:1,c:3) are not the same as here (a:1,b:2)'],
    [{ placement: 'eventual' }, 'level eventual is not sequential'],
    [{ node: 0 }, 'two controllers claim to be number 0'],
  ])('is refused with %j, and the reason names the difference', (difference, reason) => {
    expect(refusalOf({ ...HELLO, ...difference }, OWN, 4)).toBe(reason);
  });

  it('may have other keyspaces once these were changed while the cluster ran', () => {
    const refused = (there: string, here: string, version = 4) =>
      refusalOf({ ...HELLO, placement: there }, { ...OWN, placement: here }, version);
    const [own, other] = ['users=user::linearizability', 'users=user::sequential'];
    expect(placementOnLink('sequential', 0, false)).toBe('sequential');
    expect(placementOnLink('sequential', 7, false)).toBe('sequential @7');
    expect(refused('sequential @7', 'linearizability @6')).toBeNull();
    expect(refused('linearizability', 'sequential @1')).toBeNull();
    expect(refused('sequential @1', 'linearizability')).toBeNull();
    expect(refused(`eventual ${own}`, `eventual ${other} @1`)).toBeNull();
    expect(refused('linearizability', 'sequential @1', 3)).toBe(OLDER_RELEASE);
    expect(refused('eventual', 'sequential @1')).toBeNull();
    expect(refused(`sequential ${own} @1`, 'sequential @1')).toBeNull();
  });

  it('has the same shards, also once keyspaces were changed while the cluster ran', () => {
    const refused = (there: string, here: string) =>
      refusalOf({ ...HELLO, placement: there }, { ...OWN, placement: here }, 4);
    const [own, other] = ['shards=default/3x2 zones=a,b', 'shards=default/3x1 zones=a,b'];
    expect(refused(`eventual ${own}`, `eventual ${own}`)).toBeNull();
    expect(refused(`eventual a=a::causal ${own} @2`, `eventual ${own}`)).toBeNull();
    expect(refused(`eventual ${other}`, `eventual ${own}`)).toBe(
      'keyspaces with shards: default/3x1 is not default/3x2',
    );
    expect(refused(`eventual ${other} @2`, `eventual a=a::causal ${own} @3`)).toBeNull();
    expect(refused(`eventual ${other} @2`, `eventual ${own}`)).toBe(
      'keyspaces with shards: default/3x1 is not default/3x2',
    );
    expect(refused('eventual @2', `eventual ${own} @2`)).toBe(
      'keyspaces with shards: none is not default/3x2',
    );
    expect(refused('eventual shards=default/3x2 zones=b,a @2', `eventual ${own} @2`)).toBe(
      'zones: b,a is not a,b',
    );
    const named = 'eventual shards=s::eventual zones=z::eventual';
    expect(refused(named, named)).toBeNull();
    expect(refused(`${named} @1`, 'eventual')).toBeNull();
  });

  it('may have no placement yet where it was added, since it serves nobody until then', () => {
    const refused = (there: string, here: string) =>
      refusalOf({ ...HELLO, placement: there }, { ...OWN, placement: here }, 4);
    const joining = placementOnLink('eventual shards=default/3x2', 0, true);
    expect(joining).toBe('eventual shards=default/3x2 @0');
    expect(refused(joining, 'eventual shards=default/4x2 @3')).toBeNull();
    expect(refused('eventual shards=default/4x2 @3', joining)).toBeNull();
    expect(refused(joining, 'eventual shards=default/3x2')).toBeNull();
    expect(refused(joining, joining)).toBeNull();
    expect(refused(joining, 'eventual shards=default/4x2')).toBe(
      'keyspaces with shards: default/3x2 is not default/4x2',
    );
    expect(refused(joining, 'causal')).toBe('level eventual is not causal');
    expect(placementOnLink('eventual', 4, true)).toBe('eventual @4');
  });

  it('is refused when its versions are too far ahead, and the reason names the distance', () => {
    expect(clockRefusal(500, 500)).toBeNull();
    expect(clockRefusal(-10_000, 500)).toBeNull();
    expect(clockRefusal(3_500, 500)).toBe('its versions are 3.5 s ahead (max_clock_skew 0.5 s)');
  });
});
