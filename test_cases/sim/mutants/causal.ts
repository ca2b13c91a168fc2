import type { Mutant } from './mutant.ts';

/** Mistakes in what a session is shown that goes from controller to controller. */
export const CAUSAL_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'dependency-not-awaited',
    name: 'shows pushed writes before those that they depend on',
    edit: { value: 'true' },
    level: 'causal',
    faults: 'slow-link=3,cut=2,link-break=1',
    seeds: 1_000,
  },
  {
    anchor: 'token-forgets-member',
    name: 'gives out tokens that leave the last controller out',
    edit: { value: '[...seen].slice(0, -1)' },
    level: 'causal',
    faults: 'slow-link=3,cut=2',
    seeds: 300,
  },
  {
    anchor: 'waits-for-nothing-missing',
    name: 'lets a session read every key that has an entry, whatever is missing',
    edit: 'drop',
    level: 'causal',
    faults: 'slow-link=3,cut=2',
    seeds: 300,
  },
  {
    anchor: 'begins-with-its-first-write',
    name: 'does not tell with its first write that it had written nothing before',
    edit: { statement: 'this.#runStart ??= effect.version.time - 1;' },
    test: {
      file: 'causal.test.ts',
      name: 'a session that goes to another controller reads the first write of a run though the link is cut',
    },
  },
  {
    anchor: 'claims-an-unknown-past',
    name: 'claims to know its own writes before peers have told it of those of its earlier runs',
    edit: { test: 'this.#refused.mayComeBack()' },
    test: {
      file: 'causal.test.ts',
      name: 'a controller without its memory claims no writes of its own before all peers have told it of them',
    },
  },
  {
    anchor: 'shows-half-an-exchange',
    name: 'shows a half of what an exchange has brought before the exchange is complete',
    edit: {
      statement:
        'if (!pull.empty) for (const effect of response.effects.filter((_, i) => i % 2 === 1)) whole.show(effect, []); $',
    },
    level: 'causal',
    faults: 'slow-link=3,cut=3,link-break=2',
    seeds: 4_000,
  },
  {
    anchor: 'ignores-attached-dependencies',
    name: 'does not take over what a write depends on that its controller did not show',
    edit: 'drop',
    level: 'causal',
    faults: 'slow-link=3,cut=3,link-break=2',
    seeds: 4_000,
  },
  {
    anchor: 'writes-without-dependencies',
    name: 'forgets what a session had seen elsewhere when it writes',
    edit: 'drop',
    level: 'causal',
    faults: 'slow-link=3,cut=3,link-break=2',
    seeds: 4_000,
  },
  {
    anchor: 'forgets-while-older-waits',
    name: 'forgets a deletion while an older write of the key waits to be shown',
    edit: { value: 'false' },
    level: 'causal',
    faults: 'slow-link=4,link-break=6,cut=2',
    seeds: 1_000,
  },
  {
    anchor: 'part-without-its-name',
    name: 'does not record what is missing before it records a part of an exchange',
    edit: 'drop',
    test: {
      file: 'causal.test.ts',
      name: 'a controller that dies in an exchange serves nothing before it has all that was missing',
    },
  },
];
