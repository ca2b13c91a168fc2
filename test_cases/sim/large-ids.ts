import type { Fault } from './faults.ts';
import type { MemberStep } from './member-steps.ts';

/** The part of a scenario that names controllers which come later. */
interface Numbered {
  readonly nodes: number;
  readonly faults: readonly Fault[];
  readonly members?: readonly MemberStep[];
}

/** The same run, in which controllers that come get ids from this one on. Faults strike them as before. */
export function withIdsFrom<Run extends Numbered>(scenario: Run, idsFrom: number): Run {
  const { nodes, members, faults } = scenario;
  const idOf = (node: number) => (node < nodes ? node : node - nodes + idsFrom);
  return {
    ...scenario,
    faults: faults.map((fault) => ({ ...fault, node: idOf(fault.node), peer: idOf(fault.peer) })),
    ...(members !== undefined && {
      members: members.map((step) => (step.joins === true ? { ...step, idsFrom } : step)),
    }),
  };
}
