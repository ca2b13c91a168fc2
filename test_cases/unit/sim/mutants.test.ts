import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../sim/mutants.ts';

describe('the table of mutants follows the code', () => {
  it.each(MUTANTS)('$name', ({ file, text, replacement }) => {
    expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2);
    expect(replacement).not.toBe(text);
  });
});
