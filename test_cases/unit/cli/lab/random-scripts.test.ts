import { describe, expect, it } from 'vitest';
import { runModel } from '../../../support/lab-model.ts';
import { randomScript } from '../../../support/lab-random.ts';
import { linesComplainedOf, runInProcess } from '../../../support/lab-run.ts';

const SCRIPTS = 200;

describe('random scripts', () => {
  it.each(['lowest', 'highest'] as const)('print what the model says, tie %s', async (tie) => {
    let errors = 0;
    for (let seed = tie === 'lowest' ? 0 : 1; seed < SCRIPTS; seed += 2) {
      const script = randomScript(seed);
      const model = runModel(script, { tie });
      const { stdout, stderr } = await runInProcess(script, { tie });
      expect(stdout, `seed ${seed}:\n${script}`).toBe(model.stdout);
      expect([...new Set(linesComplainedOf(stderr))], `seed ${seed}:\n${script}`).toEqual(model.errors);
      errors += model.errors.length;
    }
    expect(errors).toBeGreaterThan(100);
  });

  it('come out differently by the other tie, one in several', () => {
    const seeds = Array.from({ length: SCRIPTS }, (_, seed) => randomScript(seed));
    const differing = seeds.filter(
      (script) => runModel(script, { tie: 'lowest' }).stdout !== runModel(script, { tie: 'highest' }).stdout,
    );
    expect(differing.length).toBeGreaterThan(SCRIPTS / 20);
    expect(differing.length).toBeLessThan(SCRIPTS);
  });
});
