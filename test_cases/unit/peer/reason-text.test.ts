import { expect, it } from 'vitest';
import { REASON_CHARS_MAX, ReasonText, reasonTextOf } from '../../../src/peer/reason-text.ts';

it('a reason is cut to its size, and has no control characters', () => {
  expect(reasonTextOf('ENOSPC: no space left (/var/lib/x)')).toBe('ENOSPC: no space left (/var/lib/x)');
  expect(reasonTextOf('a\x1b[2J\r\nb\u4e2d')).toBe('a?[2J??b?');
  expect(reasonTextOf('x'.repeat(1000))).toHaveLength(REASON_CHARS_MAX);
  expect(reasonTextOf('x'.repeat(1000))).toMatch(/^x+~$/);
});

it('the text changes with the reason', () => {
  const text = new ReasonText();
  expect(['', 'a\n', 'a\n', 'b', ''].map((reason) => text.of(reason))).toEqual(['', 'a?', 'a?', 'b', '']);
});
