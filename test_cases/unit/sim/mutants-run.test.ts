import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodeCopy, hashOfCode } from '../../../scripts/mutants/code-copy.ts';
import { describePart, partOf } from '../../../scripts/mutants/parts.ts';
import { Results } from '../../../scripts/mutants/results.ts';
import { TableRun } from '../../../scripts/mutants/table-run.ts';
import type { Mutant } from '../../sim/mutants/mutant.ts';
import { MUTANTS } from '../../sim/mutants/table.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The code in which mistakes are made. */
const codeThatSays = (word: string) => `// mutant: says-wrong\nconst says = '${word}';\n`;

/** A script that stands in for the simulator: it notices the word `wrong` in the code, at seeds from 7 on. */
const SIMULATOR = `
import { appendFileSync, readFileSync } from 'node:fs';
const at = (name) => process.argv[process.argv.indexOf(name) + 1];
const [first, seeds] = [Number(at('--first')), Number(at('--seeds'))];
const code = /const says = .?'(.*)'/.exec(readFileSync('src/code.ts', 'utf8'))[1];
appendFileSync(process.env.RUNS, \`\${code} \${at('--level')} \${seeds}\\n\`);
if (code.includes('hang')) setInterval(() => {}, 1000);
else {
  const wrong = code.includes('wrong') && first + seeds > 7;
  if (wrong) console.log('seed 7: lost: the key');
  if (code.includes('throw')) throw new Error('it can not even start');
  console.log('seeds       ' + (wrong ? 7 : seeds));
}
`;

const MISTAKE = { anchor: 'says-wrong', name: 'says wrong', edit: { value: "'wrong'" } } as const;

const RIGHT: Mutant = {
  ...MISTAKE,
  level: 'eventual',
  seeds: 20,
};

let root = '';
let lines: string[] = [];
let interrupted = new AbortController();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memchorus-table-'));
  for (const path of [
    'src',
    'scripts',
    'test_cases/sim',
    'test_cases/checkers',
    'test_cases/support',
    'node_modules',
  ])
    mkdirSync(join(root, path), { recursive: true });
  for (const place of ['.', 'test_cases', 'scripts'])
    writeFileSync(join(root, place, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'scripts/sim.ts'), SIMULATOR);
  writeFileSync(join(root, 'src/code.ts'), codeThatSays('right'));
  process.env.RUNS = join(root, 'runs');
  writeFileSync(process.env.RUNS, '');
  lines = [];
  interrupted = new AbortController();
});
afterEach(() => {
  delete process.env.RUNS;
  rmSync(root, { recursive: true });
});

const resultsNow = () => new Results(join(root, '.memchorus/mutants.json'), hashOfCode(root), 1);
const runs = () => readFileSync(join(root, 'runs'), 'utf8').trim().split('\n');

function tableRun(results = resultsNow()): TableRun {
  const print = (line: string): void => void lines.push(line);
  return new TableRun({ root, results, first: 1, lanes: 2, signal: interrupted.signal, print });
}

describe('a run of the table', () => {
  it('tells who was caught, who survived, and what could not be tried', async () => {
    const mutants: readonly Mutant[] = [
      RIGHT,
      { ...RIGHT, name: 'is too rare', seeds: 6 },
      { ...RIGHT, name: 'is no code', edit: { value: "'throw'" }, seeds: 5 },
      { ...RIGHT, name: 'has left the code', anchor: 'gone', seeds: 4 },
    ];
    await tableRun().tryAll(mutants);
    const results = resultsNow();
    expect(mutants.map((mutant) => results.of(mutant)?.outcome)).toEqual([
      'caught',
      'survived',
      'broken',
      'broken',
    ]);
    expect(results.of(RIGHT)).toEqual({ outcome: 'caught', finding: { seed: 7, noticed: 'lost: the key' } });
    expect(lines.join('\n')).toMatch(/caught {4}says wrong \(eventual, none, 20 seeds\): seed 7, lost/);
    expect(lines.join('\n')).toMatch(/BROKEN {4}has left the code .*no file of src\/ has the anchor gone/);
  });

  it('has a test of the simulator notice a mistake that is too rare for a swarm', async () => {
    symlinkSync(join(ROOT, 'node_modules/vitest'), join(root, 'node_modules/vitest'));
    writeFileSync(
      join(root, 'test_cases/sim/some.test.ts'),
      `import { expect, it } from 'vitest';
      import { readFileSync } from 'node:fs';
      it('is (quite) right', () => {
        expect(readFileSync('src/code.ts', 'utf8')).not.toContain('wrong');
      });
      it('is there', () => {});`,
    );
    const named = (name: string): Mutant => ({ ...MISTAKE, test: { file: 'some.test.ts', name } });
    const mutants = ['is (quite) right', 'is there', 'is'].map(named);
    await tableRun().tryAll(mutants);
    const results = resultsNow();
    expect(mutants.map((mutant) => results.of(mutant)?.outcome)).toEqual(['rejected', 'survived', 'broken']);
    expect(lines.join('\n')).toMatch(
      /rejected {2}says wrong \(some.test.ts: is \(quite\) right\): AssertionError/,
    );
    expect(await tableRun().control(mutants)).toBe(0);
  });

  it('asks of the code as it is the seeds that were needed, once', async () => {
    const mutants: readonly Mutant[] = [RIGHT, { ...RIGHT, name: 'is another', seeds: 50 }];
    await tableRun().tryAll(mutants);
    expect(await tableRun().control(mutants)).toBe(0);
    expect(runs().filter((run) => run.startsWith('right'))).toEqual(['right eventual 7']);
    expect(await tableRun().control(mutants)).toBe(0);
    expect(runs()).toHaveLength(3);
  });

  it('says which seed fails in the code as it is, and how to see it again', async () => {
    const mutant: Mutant = { ...RIGHT, faults: 'kill=1', horizonMs: 300, durability: 'sync' };
    writeFileSync(join(root, 'src/code.ts'), codeThatSays('right, or wrong'));
    await tableRun().tryAll([mutant]);
    expect(await tableRun().control([mutant])).toBe(1);
    expect(lines.at(-1)).toBe(
      'the code as it is fails, seed 7: lost: the key\n' +
        '  npm run sim -- --replay 7 --level eventual --durability sync --faults kill=1 --horizon 300',
    );
  });

  it('that was interrupted knows what it has done, and leaves no copies', async () => {
    const hanging: Mutant = { ...RIGHT, name: 'never ends', edit: { value: "'hang'" }, seeds: 9 };
    const running = tableRun().tryAll([RIGHT, hanging]);
    const hangs = () => {
      expect(runs()).toHaveLength(2);
      expect(resultsNow().of(RIGHT)).toBeDefined();
    };
    await vi.waitFor(hangs, { timeout: 60_000, interval: 10 });
    interrupted.abort();
    await running;
    expect([RIGHT, hanging].map((mutant) => resultsNow().of(mutant)?.outcome)).toEqual(['caught', undefined]);
  });

  it('knows nothing of other code', async () => {
    await tableRun().tryAll([RIGHT]);
    expect(resultsNow().of(RIGHT)).toBeDefined();
    expect(resultsNow().of({ ...RIGHT, seeds: 30 })).toBeUndefined();
    writeFileSync(join(root, 'src/code.ts'), codeThatSays('right, too'));
    expect(resultsNow().of(RIGHT)).toBeUndefined();
  });
});

describe('parts of the table', () => {
  it('are done when their mutants are caught and the code as it is has passed', async () => {
    const mutants: readonly Mutant[] = [RIGHT, { ...RIGHT, name: 'is another', seeds: 50 }];
    const said = () => describePart(mutants, resultsNow(), 1);
    expect(said()).toBe('open: 0 of 2 mutants tried, 0 caught; the code as it is passed 0 of 0 swarms');
    await tableRun().tryAll(mutants);
    expect(said()).toBe('open: 2 of 2 mutants tried, 2 caught; the code as it is passed 0 of 1 swarms');
    await tableRun().control(mutants);
    expect(said()).toBe('done: 2 of 2 mutants tried, 2 caught; the code as it is passed 1 of 1 swarms');
  });

  it('that run at the same time keep the results of each other', async () => {
    const [one, other] = [resultsNow(), resultsNow()];
    one.note(RIGHT, { outcome: 'survived' });
    other.note({ ...RIGHT, seeds: 30 }, { outcome: 'survived' });
    expect(resultsNow().of(RIGHT)).toBeDefined();
    expect(other.of(RIGHT)).toBeDefined();
  });

  it('are the whole of it together, and have as much to do as each other', () => {
    const parts = [1, 2, 3, 4].map((part) => partOf(MUTANTS, part, 4));
    expect(
      parts
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(MUTANTS.map(({ name }) => name).toSorted());
    const sizes = parts.map((part) => part.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});

it('a mistake is made in a copy, which is right again afterwards', async () => {
  const copy = new CodeCopy(root);
  try {
    const seen = await copy.with(RIGHT, async (at) => readFileSync(join(at, 'src/code.ts'), 'utf8'));
    expect(seen).toContain("const says = ('wrong');");
    expect(readFileSync(join(copy.root, 'src/code.ts'), 'utf8')).toBe(codeThatSays('right'));
    expect(readFileSync(join(root, 'src/code.ts'), 'utf8')).toBe(codeThatSays('right'));
  } finally {
    copy.remove();
  }
});

it('what is left is listed without a run', () => {
  const copy = mkdtempSync(join(tmpdir(), 'memchorus-list-'));
  try {
    for (const path of ['src', 'test_cases', 'scripts', 'package.json'])
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const args = ['scripts/mutants.ts', '--list', '--only', 'hot'];
    const run = () => execFileSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    expect(run).toThrow(
      expect.objectContaining({ stdout: expect.stringMatching(/^left .*hot.*are left to try/s) }),
    );
  } finally {
    rmSync(copy, { recursive: true });
  }
});
