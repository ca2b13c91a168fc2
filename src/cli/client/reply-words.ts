import { nearest } from '../suggestion.ts';
import { CLIENT_WORDS, COMMAND_WORDS } from './command-words.ts';
import type { ReplyParts } from './text-reply-reader.ts';

/** What a line of the protocol means, for whoever does not know it by heart. The first that fits is said. */
const EXPLANATIONS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/^CLIENT_ERROR .*non-numeric/, 'incr and decr need a value that is a number, written in digits'],
  [/^CLIENT_ERROR bad data chunk/, 'the value was not as long as the line before it said'],
  [
    /^CLIENT_ERROR bad command line format/,
    'a number is missing, or a word is too long; "help <command>" shows the form',
  ],
  [/^CLIENT_ERROR (.*)/, 'the request was not understood, and nothing was changed'],
  [/^SERVER_ERROR .*too large/, 'the value is larger than item_size_max, or than what the store takes'],
  [/^SERVER_ERROR .*out of memory/, 'the store has no room left'],
  [/^SERVER_ERROR .*unknown/, 'the cluster could not see this through; read the key to see what is there'],
  [
    /^SERVER_ERROR/,
    'the cluster could not do this now, for the reason given; "show" tells which peer or store is down',
  ],
  [/^NOT_STORED$/, 'the condition did not hold: add wants a key that is not there, the others one that is'],
  [/^EXISTS$/, 'another client has changed it since gets returned that token'],
  [/^NOT_FOUND$/, 'there is no such key'],
];

/** @param word the command @returns null when the reply speaks for itself */
export function explain(word: string, reply: ReplyParts): string | null {
  const misunderstood = misunderstanding(word, reply);
  if (misunderstood !== null || !COMMAND_WORDS.has(word)) return misunderstood;
  if (reply.parts.length === 1 && reply.parts[0]!.toString('latin1') === 'END') return 'there is no such key';
  const last = lastOf(reply);
  return EXPLANATIONS.find(([pattern]) => pattern.test(last))?.[1] ?? null;
}

/**
 * What to write in place of a command that was not understood: another command, or other words behind it. A controller
 * may know a command that this client does not. @returns null when it was understood
 */
export function misunderstanding(word: string, reply: ReplyParts): string | null {
  const usage = COMMAND_WORDS.get(word)?.usage;
  if (usage !== undefined) return lastOf(reply) === 'ERROR' ? `not with these words; usage: ${usage}` : null;
  if (!reply.failed) return null;
  const meant = nearest(word, [...COMMAND_WORDS.keys(), ...CLIENT_WORDS]);
  return `there is no command "${word}"; ${meant === null ? '"help" lists what there is' : `did you mean "${meant}"?`}`;
}

function lastOf({ parts }: ReplyParts): string {
  return parts.at(-1)?.toString('latin1') ?? '';
}

/**
 * A reply for a terminal. What is no text is shown as `\xNN`: a value must not be able to send control
 * sequences to the terminal of whoever reads it.
 */
export function printable(part: Buffer): string {
  return part
    .toString('utf8')
    .replace(
      /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
}

/** The controller says that it has not carried the request out, for a reason that may pass. @param line the answer */
export function isNotDone(line: string): boolean {
  return /^SERVER_ERROR (?!outcome unknown)/.test(line);
}
