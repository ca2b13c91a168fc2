import type { Difference } from './differences.ts';
import { FOREIGN_TOKEN, type Rendering } from './stream.ts';
import { keyBytes } from './words.ts';

const SHOWN_CHARACTERS_MAX = 120;

/** Renders keys without the prefix of the conversation, and tokens as one that no server gives. */
const READABLE: Rendering = {
  key: (name) => keyBytes('key-', name),
  token: () => FOREIGN_TOKEN,
};

/**
 * A human-readable report of a difference: the commands that were sent, and the replies of both servers, up to and
 * including the first that differs.
 */
export function describeDifference({ stream, reference, subject }: Difference): string {
  const first = reference.replies.findIndex((one, at) => one !== subject.replies[at]);
  const at = first === -1 ? Math.min(reference.replies.length, subject.replies.length) : first;
  return [
    `sent${stream.cutSeed === null ? '' : `, cut into pieces (seed ${stream.cutSeed})`}:`,
    ...stream.commands.map((one) => `  ${shown(one.render(READABLE))}${one.pauseAfter ? ' (awaited)' : ''}`),
    `reply ${at + 1} differs:`,
    ...['memcached ', 'controller'].flatMap((server, side) => {
      const { replies, ending } = side === 0 ? reference : subject;
      const context = replies.slice(Math.max(0, at - 2), at + 3).map((one) => `    ${shown(one)}`);
      return [`  ${server} (${replies.length} replies, ${ending}):`, ...context];
    }),
  ].join('\n');
}

function shown(text: string): string {
  if (text.length <= SHOWN_CHARACTERS_MAX) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))} … ${text.length} bytes`;
}
