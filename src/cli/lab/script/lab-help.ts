import type { Lab } from '../lab.ts';
import { GUARANTEES, SESSION_LEVELS } from '../participants/lab-session.ts';
import { LAB_COMMANDS, type WordKind } from './commands.ts';

const EXPECT_HELP = 'the next line that the last command printed is this; or nothing, or error';

/** Every command with its words and what it does. */
export function labHelp(): string {
  const rows = [...LAB_COMMANDS].map(([name, { usage, help }]) => [`${name} ${usage}`, help] as const);
  const all = [...rows, ['expect LINE', EXPECT_HELP] as const, ['# ...', 'a remark'] as const];
  const width = Math.max(...all.map(([command]) => command.length)) + 2;
  return all.map(([command, help]) => `  ${command.padEnd(width)}${help}`).join('\n');
}

/** The words that may follow, for the completion of lines: as `node:readline` wants it. */
export function completeLab(lab: Lab, line: string): [string[], string] {
  const words = line.split(' ');
  const last = words.at(-1)!;
  const choices = words.length === 1 ? NAMES : choicesOf(lab, words);
  return [choices.filter((choice) => choice.startsWith(last)).map((choice) => `${choice} `), last];
}

const NAMES = [...LAB_COMMANDS.keys(), 'expect', 'help', 'exit'];

function choicesOf(lab: Lab, words: readonly string[]): readonly string[] {
  const kinds = LAB_COMMANDS.get(words[0]!)?.kinds ?? [];
  const kind = kinds[words.length - 2] ?? (words[0] === 'partition' ? 'member' : undefined);
  return kind === undefined ? [] : CHOICES[kind](lab);
}

const servers = ({ roster }: Lab): string[] => roster.servers.map(({ self }) => `${self.id}`);
const clients = ({ roster }: Lab): string[] => roster.clients.map(({ self }) => `${self.id}`);
const nothing = (): string[] => [];

const CHOICES: Readonly<Record<WordKind, (lab: Lab) => readonly string[]>> = {
  server: servers,
  client: clients,
  member: (lab) => [...servers(lab), ...clients(lab)],
  level: () => SESSION_LEVELS,
  guarantee: () => GUARANTEES,
  switch: () => ['on', 'off'],
  key: nothing,
  value: nothing,
  other: nothing,
};
