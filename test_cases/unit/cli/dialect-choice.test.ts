import { expect, it } from 'vitest';
import { type DialectVariables, dialectOfEnvironment } from '../../../src/cli/dialect-choice.ts';

it.each<[DialectVariables, string | null]>([
  [{}, null],
  [{ ADDRESS: '', SOCKET_ADDRESS: ' ' }, null],
  [{ ADDRESS: '127.0.0.2:13800' }, 'view-change'],
  [{ FORWARDING_ADDRESS: '' }, 'view-change'],
  [{ FORWARDING_ADDRESS: '127.0.0.2:13800' }, 'view-change'],
  [{ SOCKET_ADDRESS: '127.0.0.2:8080' }, 'sharded'],
])('without words, %j chooses the dialect %s', (environment, dialect) => {
  expect(dialectOfEnvironment(environment)).toBe(dialect);
});
