import type { Difference } from './differences.ts';
import { FOREIGN_TOKEN, type Rendering } from './stream.ts';
import { keyBytes } from './words.ts';

const SHOWN_CHARACTERS_MAX = 120;

/** Keys without their prefix of the run, tokens by what they are. */
const FOR_PEOPLE: Rendering = {
  key: (name) => keyBytes('key-', name),
  token: () => FOREIGN_TOKEN,
};

/** A difference for people: what was sent, and the replies of both, up to and with the first that differs. */
export function describeDifference({ stream, reference, subject }: Difference): string {
  const first = reference.replies.findIndex((one, at) => one !== subject.replies[at]);
  const at = first === -1 ? Math.min(reference.replies.length, subject.replies.length) : first;
  return [
    `sent${stream.cutSeed === null ? '' : `, cut into pieces (seed ${stream.cutSeed})`}:`,
    ...stream.commands.map(
      (one) => `  ${shown(one.render(FOR_PEOPLE))}${one.pauseAfter ? ' (awaited)' : ''}`,
    ),
    `reply ${at + 1} differs:`,
    ...['memcached ', 'controller'].flatMap((who, side) => {
      const { replies, ending } = side === 0 ? reference : subject;
      const context = replies.slice(Math.max(0, at - 2), at + 3).map((one) => `    ${shown(one)}`);
      return [`  ${who} (${replies.length} replies, ${ending}):`, ...context];
    }),
  ].join('\n');
}

function shown(text: string): string {
  if (text.length <= SHOWN_CHARACTERS_MAX) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))} … ${text.length} bytes`;
}
