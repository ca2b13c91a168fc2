import type { Mutant } from './mutant.ts';

/** Mistakes in how requests go along a chain, and in who knows which writes were stamped. */
export const CHAIN_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'stamps-twice',
    name: 'stamps a write again that was stamped in an earlier view, or whose reply was lost with a link',
    edit: { test: 'true' },
    level: 'linearizability',
    scheme: 'chain',
    faults: 'link-break=3,redial=3,kill=1,isolation=1',
    seeds: 600,
  },
  {
    anchor: 'trusts-old-tickets',
    name: 'takes itself for a member that knows all stamped writes, although it has copied the state',
    edit: { test: 'false' },
    level: 'linearizability',
    scheme: 'chain',
    faults: 'kill=2,isolation=3,stop=2,link-break=2',
    seeds: 4000,
  },
  {
    anchor: 'chain-never-sends-again',
    name: 'does not send again what a broken link to its successor has lost',
    edit: 'drop',
    level: 'sequential',
    scheme: 'chain',
    seeds: 300,
  },
  {
    anchor: 'tail-alone-is-stable',
    name: 'calls a request stable that the tail has, and not every disk before it',
    edit: { statement: 'if (this.#isTail) this.#becomeStable(this.#received);' },
    level: 'linearizability',
    scheme: 'chain',
    durability: 'sync',
    faults: 'power-loss=2,kill-all=2,disk-slow=2,kill=1',
    seeds: 1500,
  },
  {
    anchor: 'keeps-for-another-view',
    name: 'takes what is on disk of an earlier view for a part of this one',
    edit: { test: 'true' },
    level: 'linearizability',
    scheme: 'chain',
    durability: 'sync',
    faults: 'power-loss=2,kill-all=2,disk-slow=3,isolation=2',
    seeds: 1500,
  },
];
