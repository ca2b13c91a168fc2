import { Broadcast } from './broadcast/broadcast.ts';
import { Convergent } from './convergent/convergent.ts';
import type { Scheme } from './scheme.ts';
import type { SchemePorts } from './scheme-ports.ts';

/** What has to be known of a scheme before a group replicates by it. */
export interface SchemeKind {
  /** All writes of the group have one order, agreed by the members of its views. */
  readonly isOrdered: boolean;
  /** Sessions go from one controller to another. */
  readonly hasSessions: boolean;
  readonly make: (ports: SchemePorts) => Scheme;
}

export type SchemeName = 'broadcast' | 'convergent' | 'causal';

/** The scheme of the root group. It has views. */
export const ROOT_SCHEME: SchemeName = 'broadcast';

/** All schemes. Only this table and the levels name them. */
export const SCHEMES: Readonly<Record<SchemeName, SchemeKind>> = {
  broadcast: { isOrdered: true, hasSessions: false, make: (ports) => new Broadcast(ports) },
  convergent: { isOrdered: false, hasSessions: false, make: (ports) => new Convergent(ports, false) },
  causal: { isOrdered: false, hasSessions: true, make: (ports) => new Convergent(ports, true) },
};
