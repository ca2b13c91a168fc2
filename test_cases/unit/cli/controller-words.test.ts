import { describe, expect, it } from 'vitest';
import { controllerWords } from '../../../src/cli/cluster/controllers.ts';
import type { StorePlan } from '../../../src/cli/cluster/stores/store-plan.ts';
import { parseArguments } from '../../../src/cli/command-line/arguments.ts';
import { resolveConfiguration } from '../../../src/cli/settings/configuration.ts';

const PLAN: StorePlan = { kind: 'embedded', words: 'none' };

describe('the command line that start passes to the controllers', () => {
  it.each([
    '-cons=linearizability',
    '-cons=linearizability --scheme=chain',
    '-cons=sequential --scheme=chain',
    '-cons=eventual --scheme=chain',
    '-cons=causal',
    '--scheme=chain --keyspaces=counters=n::sequential,sessions=s::linearizability/broadcast',
  ])('means what start was asked for: %s', (words) => {
    const line = parseArguments(['start', '--store=custom', ...words.split(' ')], {});
    const asked = resolveConfiguration([line.settings]);
    const passed = parseArguments(controllerWords(line, asked, PLAN, null), {});
    expect(resolveConfiguration([passed.settings])).toEqual(asked);
  });
});
