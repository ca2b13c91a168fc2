import type { SchemePorts } from '../scheme-ports.ts';
import { Convergent } from './convergent.ts';
import { ForeignDependencies } from './foreign-dependencies.ts';

/** The convergent scheme for a causal group: what its writes depend on in other groups goes before them. */
export function causalScheme(ports: SchemePorts): Convergent {
  const { group, replica, bus, controller } = ports;
  const foreign = new ForeignDependencies(group, replica.journal);
  return new Convergent({ ...ports, bus: foreign.busThatTells(bus, controller.peers.ids) }, foreign);
}
