import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freshClone } from '../support/fresh-clone.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { succeeds } from '../support/programs.ts';
import { isLike, type Screen, screensOf, shapeOf } from '../support/screens.ts';
import { consecutivePorts, StartedCluster } from '../support/started-cluster.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** A fresh clone of the project, as a user has it. */
let clone: string;
let parent: string;

/** With `UPDATE_SCREENS=1` the commands' output is written into the documents, for a person to review. */
const isUpdate = process.env.UPDATE_SCREENS === '1';

/**
 * Commands that change nothing. They are repeated until their output fits, since a slow machine may need a
 * moment.
 */
const ASKS = /main\.ts (status|-cli .* (show|get) ?)/;

/** A command that needs a terminal. */
const AT_A_TERMINAL = 'node main.ts -cli -p 8001';

/** The ports in the documents; the last three are those to which a backup is restored. */
const DOCUMENTED = [8000, 8001, 8002, 11_201, 11_202, 11_203, 9000, 9001, 9002];

/** The ports that the test uses in their places. */
let own: readonly number[];

/** The README uses `nc` to talk to a controller without a client. */
const hasNetcat = succeeds('sh', ['-c', 'command -v nc']);

/** Runs the commands of one part of a document in order, and expects the output that the document shows. */
async function walk(cluster: StartedCluster, file: string, from: string, to: string): Promise<string[]> {
  const path = join(PROJECT, file);
  const whole = readFileSync(path, 'utf8');
  const start = whole.indexOf(from);
  const text = whole.slice(start, whole.indexOf(to, start));
  const lines = text.split('\n');
  const run: [Screen, readonly string[]][] = [];
  for (const screen of screensOf(text)) {
    if (screen.command === AT_A_TERMINAL) continue;
    run.push([screen, await runAndCompare(cluster, screen)]);
  }
  for (const [{ from: first, to: end, indent, output }, printed] of run.toReversed()) {
    const gap = output.indexOf('…');
    const shown = gap < 0 ? printed : [...printed.slice(0, gap), '…'];
    lines.splice(first, end - first, ...shown.map((line) => (line === '' ? '' : indent + line)));
  }
  if (isUpdate)
    writeFileSync(
      path,
      whole.replace(text, () => lines.join('\n')),
    );
  return run.map(([{ command }]) => command);
}

async function runAndCompare(
  cluster: StartedCluster,
  { command, output }: Screen,
): Promise<readonly string[]> {
  const printed = async (): Promise<string[]> => {
    const { stdout, stderr } = await cluster.run('sh', '-c', `cd '${clone}' && ${asRun(cluster, command)}`);
    const text = asDocumented(cluster, stdout + stderr).trimEnd();
    return text === '' ? [] : text.split('\n').map((line) => line.trimEnd());
  };
  if (isUpdate) return printed();
  const check = async (): Promise<string[]> => {
    const lines = await printed();
    if (!isLike(output, lines))
      expect(lines.map(shapeOf), `$ ${command}\n${lines.join('\n')}`).toEqual(output.map(shapeOf));
    return lines;
  };
  return ASKS.test(command) ? eventually(check) : check();
}

/** A command of a document, with the ports and paths of the test's cluster. */
function asRun(cluster: StartedCluster, command: string): string {
  const flags = command.includes('--base-port') ? cluster.portFlags.slice(2) : cluster.portFlags;
  const started = command
    .replace(/^\.\/startup\.sh/, `./startup.sh ${flags.join(' ')}`)
    .replace(
      /\.memchorus\/[\w./-]*/g,
      (path) => `'${cluster.runDirectory}${path.slice('.memchorus'.length)}'`,
    );
  return withPorts(started, DOCUMENTED, own);
}

/** The output of a command, with the ports and paths of the documents. */
function asDocumented(cluster: StartedCluster, text: string): string {
  const local = text.replaceAll(cluster.runDirectory, '.memchorus').replaceAll(`${clone}/`, '');
  const wider = String(own[0]).length - String(DOCUMENTED[0]).length;
  return withPorts(local, own, DOCUMENTED).replaceAll(`ADDRESS${' '.repeat(wider)}`, 'ADDRESS');
}

function withPorts(text: string, from: readonly number[], to: readonly number[]): string {
  const numbers = new Map(from.map((port, at) => [String(port), String(to[at])]));
  return text.replace(/\d+/g, (number) => numbers.get(number) ?? number);
}

describeWithMemcached('the commands print the screens', () => {
  describe.skipIf(!hasNetcat)('with nc', () => {
    beforeAll(() => {
      parent = mkdtempSync(join(tmpdir(), 'memchorus-screens-'));
      clone = freshClone(parent);
    });
    afterAll(() => rmSync(parent, { recursive: true }));

    /** Each document begins without a cluster and without data. */
    async function emptyCluster(): Promise<StartedCluster> {
      const cluster = await StartedCluster.create({ project: clone });
      own = [...cluster.ports, ...cluster.storePorts, ...(await consecutivePorts(3))];
      return cluster;
    }

    it('of README.md', async () => {
      await using cluster = await emptyCluster();
      const commands = await walk(cluster, 'README.md', '## Start', '## Levels');
      expect(commands[0]).toMatch(/^\.\/startup\.sh/);
      expect(commands.at(-1)).toBe('./stop.sh');
      expect(commands.length).toBeGreaterThan(8);
    });

    it('of docs/client.md', async () => {
      await using cluster = await emptyCluster();
      const commands = await walk(cluster, 'docs/client.md', '## One command', '<end>');
      expect(commands.at(-1)).toBe('./stop.sh');
      expect(commands.length).toBeGreaterThan(10);
    });

    it('of docs/operation.md', async () => {
      await using cluster = await emptyCluster();
      // What comes after this is run by joined-controllers.test.ts.
      const end = '\n## A cluster that grows';
      const commands = await walk(cluster, 'docs/operation.md', '## Runbook', end);
      expect(commands.length).toBeGreaterThan(30);
    });
  });
});
