import type { Mutant } from './mutant.ts';

/** Mistakes in how the members of a view send requests to each other and apply them in one order. */
export const BROADCAST_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'acknowledges-unreceived',
    name: 'acknowledges requests that it has not received',
    edit: { value: '$.map((seq) => seq + 1)' },
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'acknowledged-over-gap',
    name: 'takes acknowledgements from a frame that comes after a gap',
    edit: {
      statement: 'if (frame.firstSeq > known + 1) this.#progress.onAcknowledged(from, frame.received); $',
    },
    level: 'linearizability',
    faults: 'link-break=3,redial=3,slow-link=2,link-flaps=2',
    seeds: 4000,
  },
  {
    anchor: 'applies-unstable',
    name: 'applies a request at once instead of when it is stable',
    edit: 'drop',
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'ignores-condition',
    name: 'drops the condition of a conditional write',
    edit: { test: 'false' },
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'frame-of-another-view',
    name: 'uses frames of another view',
    edit: 'drop',
    level: 'linearizability',
    seeds: 4000,
  },
  {
    anchor: 'never-sends-again',
    name: 'does not send again the requests that a broken link lost',
    edit: { value: '$.slice(0, 0)' },
    level: 'sequential',
    seeds: 300,
  },
  {
    anchor: 'serves-after-promise',
    name: 'goes on in a view that it has promised to leave',
    edit: 'drop',
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'repeats-version',
    name: 'gives a version that it has given before',
    edit: { value: '$ - 1' },
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'clock-stays-behind',
    name: 'does not move its clock past the versions that it receives',
    edit: 'drop',
    level: 'linearizability',
    seeds: 300,
  },
];
