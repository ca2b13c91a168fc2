import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/protocol/commands.ts';
import { decodePieces } from '../../support/decode.ts';

/** A line made of the usage text itself, with a value if the command takes one. */
function exampleOf(usage: string): Buffer {
  const line = usage
    .replace(/ \[.*\]/, '')
    .replace('<key>', 'k')
    .replace(/<\w+>/g, '1');
  return Buffer.from(`${line}\r\nx\r\n`);
}

describe('COMMANDS', () => {
  it.each(COMMANDS.map((command) => [command.usage, command] as const))('%s', (usage, command) => {
    expect(usage.split(' ')[0]).toBe(command.name);
    expect(decodePieces([exampleOf(usage)], 1000)[0]).toMatchObject({ kind: command.makes });
  });

  it('names each command once', () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
