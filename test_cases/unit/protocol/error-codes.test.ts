import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/base/error-codes.ts';
import { SERVER_ERROR_LINES } from '../../../src/protocol/reply.ts';

const page = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

/** The source of the controller. The command line is left out, because it reads server errors and makes none. */
const SOURCES: readonly (readonly [path: string, text: string])[] = readdirSync(SRC, {
  recursive: true,
  encoding: 'utf8',
})
  .filter((path) => path.endsWith('.ts') && !path.startsWith('cli'))
  .map((path) => [path, readFileSync(join(SRC, path), 'utf8')]);

function placesOf(pattern: RegExp): string[] {
  return SOURCES.flatMap(([path, text]) =>
    [...text.matchAll(pattern)].map((match) => `${path}: ${match[0]}`),
  );
}

describe('error codes', () => {
  it('stand in docs/protocol.md with their meanings, in the order of the table', () => {
    const rows = Object.entries(ERRORS).map(
      ([code, { mayHaveHappened, meaning }]) =>
        `| \`${code}\` | ${mayHaveHappened ? 'yes' : 'no'} | ${meaning} |`,
    );
    const [, table = ''] = /^\| code \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)/m.exec(page) ?? [];
    expect(table.trimEnd().split('\n')).toEqual(rows);
  });

  it('are each used by some part of the source', () => {
    const text = SOURCES.filter(([path]) => path !== join('base', 'error-codes.ts'))
      .map(([, text]) => text)
      .join('\n');
    const used = (code: string) => text.includes(`'${code}'`) || code in SERVER_ERROR_LINES;
    expect(Object.keys(ERRORS).filter((code) => !used(code))).toEqual([]);
  });

  it('go with every server error: a reply needs a code, and no other place writes a server error', () => {
    const written = placesOf(/[`'"]SERVER_ERROR [^`'"]*[`'"]/g);
    const lines = Object.values(SERVER_ERROR_LINES).map(
      (line) => `${join('protocol', 'reply.ts')}: '${line}'`,
    );
    const reason = '`SERVER_ERROR ${' + 'reply.reason}`';
    expect(written.toSorted()).toEqual(
      [...lines, `${join('protocol', 'text-encoder.ts')}: ${reason}`].toSorted(),
    );
  });
});
