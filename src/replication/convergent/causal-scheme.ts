import type { SchemePorts } from '../scheme-ports.ts';
import { Convergent } from './convergent.ts';
import { ForeignDependencies } from './foreign-dependencies.ts';

/** The convergent scheme for a causal group: what its writes depend on in other groups goes before them. */
export function causalScheme(ports: SchemePorts): Convergent {
  const { group, members, replica, bus, controller, knownBy, settings, reads, evaluator } = ports;
  const { vector, recordedKnown, recovered, viewLog, log } = ports;
  const foreign = new ForeignDependencies(group, replica.journal, controller.hasEnded);
  const told: SchemePorts = {
    group,
    members,
    controller,
    knownBy,
    settings,
    bus: foreign.busThatTells(bus, controller.peers.ids),
    replica,
    reads,
    evaluator,
    vector,
    recordedKnown,
    recovered,
    viewLog,
    log,
  };
  return new Convergent(told, foreign);
}
