import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualHost } from '../../../../src/cli/lab/hosts/virtual-host.ts';
import { Lab } from '../../../../src/cli/lab/lab.ts';
import { completeLab } from '../../../../src/cli/lab/script/lab-help.ts';

let lab: Lab;

beforeEach(async () => {
  lab = new Lab(new VirtualHost(), { tie: 'lowest', backgroundMs: null });
  await lab.joinServer(0);
  await lab.joinServer(12);
  await lab.joinClient(9, 0);
});

afterEach(() => lab.close());

it.each([
  ['joinC', ['joinClient ']],
  ['jo', ['joinServer ', 'joinClient ']],
  ['killServer ', ['0 ', '12 ']],
  ['joinClient 5 1', ['12 ']],
  ['get ', ['9 ']],
  ['get 9 ', []],
  ['breakConnection 0 ', ['0 ', '12 ', '9 ']],
  ['level 9 c', ['causal ']],
  ['guarantee 9 monotonic-r', ['monotonic-reads ']],
  ['guarantee 9 mr o', ['on ', 'off ']],
  ['partition 0 | 1', ['12 ']],
  ['nothing ', []],
] as const)('"%s" is completed', (line, choices) => {
  expect(completeLab(lab, line)[0]).toEqual(choices);
});
