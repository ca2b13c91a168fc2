import { alignColumns } from '../../base/text-table.ts';
import { didYouMean } from '../suggestion.ts';
import {
  COMMAND_ANSWERS,
  COMMAND_ARGUMENTS,
  COMMAND_EXAMPLES,
  COMMAND_FLAGS,
  type Note,
} from './command-notes.ts';
import { CLIENT_USAGES, CLIENT_WORDS, COMMAND_WORDS, type CommandWord } from './command-words.ts';
import { usageOf } from './typed-command.ts';

const VALUES = `Values: set k hello
        set k "with spaces, \\"quotes\\", \\n and \\x00"
        set k 0 0 5 hello      flags, expiry in seconds (0 never), length in bytes
        set k 0 0 5            and the value on the next line`;

const KEYS = `Keys:   get "two words"        in quotes, with the same escapes; sent as the meta command mg`;

const TYPING = `Typing: arrows recall earlier lines, Tab completes commands, arguments and keys, Ctrl-C drops a
        line or ends what runs, Ctrl-D leaves.`;

/** What the words of the client itself do. */
const CLIENT_HELP: Readonly<Record<string, string>> = {
  help: 'all commands; of one command its flags, answers and examples',
  exit: 'leaves, as quit and Ctrl-D do',
  monitor: 'each request of the clients of all controllers, until Ctrl-C; watch shows those of this one',
  hotkeys: 'the keys that clients of this controller ask for most',
  bigkeys: 'the keys with the largest values, and the sizes of each keyspace',
  scan: 'all keys of this controller; of a pattern such as user:* those that fit',
  stat: 'a line of figures every second, until Ctrl-C',
  latency: 'the time of a round trip, until Ctrl-C',
};

/** Whether there is help on it. @param topic empty for all commands */
export function isHelpTopic(topic: string): boolean {
  return topic === '' || COMMAND_WORDS.has(topic) || CLIENT_USAGES.has(topic);
}

/** @param topic a command; empty: all of them, a line each */
export function clientHelp(topic: string): string {
  if (topic === '') return overview();
  const row = COMMAND_WORDS.get(topic);
  if (row !== undefined) return helpOf(topic, row);
  const usage = CLIENT_USAGES.get(topic);
  if (usage !== undefined) return `${usage}\n  ${CLIENT_HELP[topic]}`;
  return `there is no command "${topic}"${didYouMean(topic, [...COMMAND_WORDS.keys(), ...CLIENT_WORDS])}`;
}

function overview(): string {
  const commands = [...COMMAND_WORDS].map(([word, row]) => [word, row.help]);
  const own = CLIENT_WORDS.map((word) => [word, CLIENT_HELP[word] ?? '']);
  const lines = alignColumns([
    ...commands,
    ['show cluster', 'every controller, asked one by one'],
    ['', ''],
    ...own,
  ]);
  return [...lines, '', VALUES, KEYS, TYPING].join('\n');
}

function helpOf(topic: string, row: CommandWord): string {
  const parts = [`${usageOf(topic, row)}\n  ${row.help}`];
  addNotes(parts, 'Words', COMMAND_ARGUMENTS[topic]);
  addNotes(parts, 'Flags', COMMAND_FLAGS[topic]);
  addNotes(parts, 'Answers', COMMAND_ANSWERS[topic]);
  const examples = COMMAND_EXAMPLES[topic] ?? [];
  if (examples.length > 0) parts.push(`Examples\n${examples.map((line) => `  ${line}`).join('\n')}`);
  if (row.takesValue && !row.takesFlags) parts.push(VALUES);
  return parts.join('\n\n');
}

function addNotes(parts: string[], title: string, notes: readonly Note[] = []): void {
  if (notes.length === 0) return;
  const lines = alignColumns(notes.map(([word, meaning]) => [`  ${word}`, meaning]));
  parts.push(`${title}\n${lines.join('\n')}`);
}
