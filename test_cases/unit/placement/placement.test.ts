import { describe, expect, it } from 'vitest';
import { keyspacesOf, placementDifference, placementText } from '../../../src/placement/placement.ts';

const A = { name: 'a', prefix: 'a:', level: 'eventual' } as const;
const B = { name: 'b', prefix: 'b:', level: 'causal' } as const;

describe('a placement', () => {
  it('has the default keyspace first, and the others in the order of their prefixes', () => {
    const names = keyspacesOf({ level: 'sequential', keyspaces: [B, A] }).map(({ name }) => name);
    expect(names).toEqual(['default', 'a', 'b']);
  });

  it('is the level alone without keyspaces, as in release 0.2.0, and the same text in any order', () => {
    expect(placementText({ level: 'sequential', keyspaces: [] })).toBe('sequential');
    const text = 'sequential a=a::eventual b=b::causal';
    expect(placementText({ level: 'sequential', keyspaces: [A, B] })).toBe(text);
    expect(placementText({ level: 'sequential', keyspaces: [B, A] })).toBe(text);
  });

  it.each([
    ['sequential', 'sequential', null],
    ['eventual', 'sequential', 'level eventual is not sequential'],
    ['sequential a=a::eventual', 'sequential', 'it has the keyspace a=a::eventual, which is not here'],
    ['sequential', 'sequential a=a::eventual', 'it does not have the keyspace a=a::eventual'],
    ['sequential a=a::causal', 'sequential a=a::eventual', 'the keyspace a=a::causal is not a=a::eventual'],
  ])('there %s, here %s: %s', (there, here, difference) => {
    expect(placementDifference(there, here)).toBe(difference);
  });
});
