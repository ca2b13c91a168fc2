import { metaCommands } from './meta-generator.ts';
import type { Dialect } from './stream.ts';
import { textCommands } from './text-generator.ts';
import { readTextReplies } from './text-replies.ts';

/** The probe begins with a line end, which ends a line that a command has left open. */
export const textProbe: Dialect['probe'] = (id, rendering) => {
  const key = rendering.key('probe');
  const value = `probe ${id}`;
  const request = `\r\nset ${key} 0 0 ${value.length}\r\n${value}\r\nget ${key}\r\n`;
  return { request: Buffer.from(request), answer: Buffer.from(`\r\n${value}\r\nEND\r\n`) };
};

export const textFiller: Dialect['filler'] = (bytes) => Buffer.from('\r\n'.repeat(bytes / 2));

export const TEXT: Dialect = {
  name: 'text',
  lastAnswerMayBeLost: false,
  generate: textCommands,
  isRead: (command) => /^ *(gets?|gats?|mg) /.test(command),
  isCount: (command) => /^ *(incr|decr|ma) /.test(command),
  probe: textProbe,
  filler: textFiller,
  readReplies: readTextReplies,
};

/** Meta commands belong to the text protocol: they share its connections and, in these tests, its streams. */
export const META: Dialect = { ...TEXT, name: 'meta', generate: metaCommands };
