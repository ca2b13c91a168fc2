import { expect, it } from 'vitest';
import { inKeyspaces } from '../../../src/controller/status/service.ts';

const said = (troubles: Readonly<Record<string, string>>) =>
  inKeyspaces(Object.entries(troubles).map(([name, trouble]) => ({ name, trouble })));

it('names the keyspaces that wait, and what each waits for', () => {
  expect(said({ default: '', carts: '', views: '' })).toBe('');
  expect(said({ default: '', carts: 'catching up', views: '' })).toBe('carts: catching up');
  expect(said({ default: 'no majority', carts: 'no majority', views: '' })).toBe(
    'default and carts: no majority',
  );
  expect(said({ a: 'x', b: 'y', c: 'x', d: 'x' })).toBe('a, c and d: x; b: y');
});

it('names none where all wait for the same', () => {
  expect(said({ default: 'no time', carts: 'no time' })).toBe('no time');
});
