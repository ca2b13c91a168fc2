import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { TextClient } from '../../support/text-client.ts';

const run = promisify(execFile);

/** The pages that show what `curl` answers, and the key that has an entry before their first command. */
const PAGES = [
  ['docs/http.md', null],
  ['docs/dashboard.md', 'greeting'],
  ['docs/operation.md', 'greeting'],
] as const;

/** The one command that is named within a sentence: it has no end, so no screen shows it. */
const ENDLESS = 'curl -N http://127.0.0.1:8000/v1/events';

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

async function withCluster(use: (cluster: LocalControllers) => Promise<void>): Promise<void> {
  const cluster = await LocalControllers.start(3);
  try {
    await use(cluster);
  } finally {
    await cluster.stop();
  }
}

/** What the command prints in front of this cluster. */
async function printedBy(command: string, { ports }: LocalControllers): Promise<string> {
  const real = command.replace(/:800([012])\b/g, (_, id: string) => `:${ports[Number(id)]}`);
  return (await run('sh', ['-c', real])).stdout;
}

describe('the commands with curl in the documentation', () => {
  it.each(PAGES)('%s: they answer as shown, one after the other', (page, key) =>
    withCluster(async (cluster) => {
      const examples = examplesIn(readFileSync(page, 'utf8'));
      expect(examples.length).toBeGreaterThan(0);
      if (key !== null) {
        using client = await TextClient.connect(cluster.port);
        await client.set(key, 'Hello');
      }
      for (const { command, shown } of examples)
        expect([command, plain(await printedBy(command, cluster))]).toEqual([command, plain(shown)]);
    }),
  );

  it(`${ENDLESS}: it tells of all controllers`, () =>
    withCluster(async (cluster) => {
      const command = `${ENDLESS.replace('curl', 'curl -s --max-time 1')} || true`;
      await eventually(async () => {
        const printed = await printedBy(command, cluster);
        for (const id of cluster.ports.keys()) expect(printed).toContain(`data: {"controller":${id},`);
      });
    }));

  it('are all among those that are run', () => {
    const named = ['README.md', ...globSync('docs/**/*.md')].flatMap((page) =>
      (readFileSync(page, 'utf8').match(/\bcurl -[^`\n]*/g) ?? []).map((command) => `${page}: ${command}`),
    );
    const run = PAGES.flatMap(([page]) => [
      ...examplesIn(readFileSync(page, 'utf8')).map(({ command }) => `${page}: ${command}`),
      `${page}: ${ENDLESS}`,
    ]);
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((one) => !run.includes(one))).toEqual([]);
  });
});
