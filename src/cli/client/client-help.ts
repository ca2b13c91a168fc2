import { alignColumns } from '../../base/text-table.ts';
import { didYouMean } from '../suggestion.ts';
import { CLIENT_WORDS, COMMAND_WORDS } from './command-words.ts';
import { usageOf } from './typed-command.ts';

const VALUES = `Values: set k hello
        set k "with spaces, \\"quotes\\", \\n and \\x00"
        set k 0 0 5 hello      flags, expiry in seconds (0 never), length in bytes
        set k 0 0 5            and the value on the next line
Keys: arrows recall earlier lines, Tab completes, Ctrl-C drops a line, Ctrl-D leaves.`;

/** @param topic a command; empty: all of them, a line each */
export function clientHelp(topic: string): string {
  if (topic === '') {
    const rows = [...COMMAND_WORDS].map(([word, row]) => [word, row.help]);
    return [
      ...alignColumns([
        ...rows,
        ['show cluster', 'every controller, asked one by one'],
        ['help <command>', 'how to write a command'],
      ]),
      '',
      VALUES,
    ].join('\n');
  }
  const row = COMMAND_WORDS.get(topic);
  if (row === undefined) return `there is no command "${topic}"${didYouMean(topic, COMMAND_WORDS.keys())}`;
  return `${usageOf(topic, row)}\n  ${row.help}${row.takesValue ? `\n${VALUES}` : ''}`;
}

/** For `node:readline`: completes the first word, and after `help` the second. */
export function completeLine(line: string): [matches: string[], completed: string] {
  const words = [...COMMAND_WORDS.keys(), ...CLIENT_WORDS];
  const topic = /^help +(\S*)$/.exec(line)?.[1];
  const start = topic ?? line;
  if (start.includes(' ')) return [[], line];
  const matches = words
    .filter((word) => word.startsWith(start))
    .map((word) => (topic === undefined ? `${word} ` : word));
  return [matches, start];
}
