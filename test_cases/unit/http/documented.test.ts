import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalControllers } from '../../support/local-controllers.ts';

const run = promisify(execFile);

const PAGE = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');

interface Example {
  readonly command: string;
  readonly shown: string;
}

/** The commands of the page, with what is shown behind each of them. */
function examplesIn(page: string): Example[] {
  const screens = page.match(/(?:^ {4}.*\n)+/gm) ?? [];
  return screens.flatMap((screen) =>
    screen
      .replace(/^ {4}/gm, '')
      .split(/^\$ /m)
      .filter((text) => text.startsWith('curl '))
      .map((text) => {
        const [command = '', ...lines] = text.trimEnd().split('\n');
        return { command, shown: lines.join('\n') };
      }),
  );
}

/** What differs from run to run: versions, times, and the cursor of a page. */
function plain(output: string): string {
  return output
    .trimEnd()
    .replace(/"token":"\d+"/g, '"token":"…"')
    .replace(/"cursor":"[^"]+"/g, '"cursor":"…"')
    .replace(/"expiresAt":"[^"]+"/g, '"expiresAt":"…"');
}

describe('docs/http.md', () => {
  let cluster: LocalControllers;
  beforeAll(async () => {
    cluster = await LocalControllers.start(3);
  });
  afterAll(() => cluster?.stop());

  it('shows commands that answer as shown, one after the other', async () => {
    const examples = examplesIn(PAGE);
    expect(examples.length).toBeGreaterThan(8);
    for (const { command, shown } of examples) {
      const real = command.replace(/:800([012])\b/g, (_, id: string) => `:${cluster.ports[Number(id)]}`);
      const { stdout } = await run('sh', ['-c', real]);
      expect([command, plain(stdout)]).toEqual([command, plain(shown)]);
    }
  });
});
