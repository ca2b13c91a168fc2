import { expect, it } from 'vitest';
import { NOTE_CHARS_MAX, Note, noteOf } from '../../../src/peer/note.ts';

it('a note is cut to its size, and free of what a terminal would obey', () => {
  expect(noteOf('ENOSPC: no space left (/var/lib/x)')).toBe('ENOSPC: no space left (/var/lib/x)');
  expect(noteOf('a\x1b[2J\r\nb\u4e2d')).toBe('a?[2J??b?');
  expect(noteOf('x'.repeat(1000))).toHaveLength(NOTE_CHARS_MAX);
  expect(noteOf('x'.repeat(1000))).toMatch(/^x+~$/);
});

it('follows its reason', () => {
  const note = new Note();
  expect(['', 'a\n', 'a\n', 'b', ''].map((reason) => note.of(reason))).toEqual(['', 'a?', 'a?', 'b', '']);
});
