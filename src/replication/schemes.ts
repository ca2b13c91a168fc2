import type { GroupNumber } from '../base/number-kinds.ts';
import type { JournalKind } from '../journal/data-directory.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { OrderedScheme } from '../placement/placed-level.ts';
import { Broadcast } from './broadcast/broadcast.ts';
import { Chain } from './chain/chain.ts';
import { causalScheme } from './convergent/causal-scheme.ts';
import { Convergent } from './convergent/convergent.ts';
import type { AgreementKind } from './ordered/agreement.ts';
import { Ordered } from './ordered/ordered.ts';
import type { Scheme } from './scheme.ts';
import type { SchemePorts } from './scheme-ports.ts';

/** What has to be known of a scheme before a group replicates by it. */
export interface SchemeKind {
  /** All writes of the group have one order, agreed by the members of its views. */
  readonly isOrdered: boolean;
  /**
   * A write may be replicated as a difference: see `JoinEffect`. Only where writes have one order. Elsewhere a
   * difference may arrive where another write than its base is the newest, and the only controller that has the whole
   * value may be gone by then.
   */
  readonly takesDifferences: boolean;
  /** Sessions go from one controller to another. */
  readonly hasSessions: boolean;
  /** The number of the group that has the entries of all keyspaces with this scheme. It never changes. */
  readonly group: GroupNumber;
  /** What users know it by. */
  readonly word: string;
  /** What the group's journal records. The records of one kind say too little for another. */
  readonly journal: JournalKind;
  readonly make: (ports: SchemePorts) => Scheme;
}

/** `broadcast-apart` is broadcast beside a root group that has no entries: see `Placement.broadcastApart`. */
export type SchemeName = OrderedScheme | 'broadcast-apart' | 'convergent' | 'causal';

const BROADCAST: AgreementKind = { make: (ports) => new Broadcast(ports), keepsOrder: false };
const CHAIN: AgreementKind = { make: (ports) => new Chain(ports), keepsOrder: true };

/** All schemes. Only this table and the levels name them. */
export const SCHEMES: Readonly<Record<SchemeName, SchemeKind>> = {
  broadcast: {
    isOrdered: true,
    takesDifferences: true,
    hasSessions: false,
    group: ROOT_GROUP,
    word: 'broadcast',
    journal: 'ordered',
    make: (ports) => new Ordered(ports, BROADCAST),
  },
  'broadcast-apart': {
    isOrdered: true,
    takesDifferences: true,
    hasSessions: false,
    group: 4,
    word: 'broadcast',
    journal: 'broadcast',
    make: (ports) => new Ordered(ports, BROADCAST),
  },
  chain: {
    isOrdered: true,
    takesDifferences: true,
    hasSessions: false,
    group: 3,
    word: 'chain',
    journal: 'chain',
    make: (ports) => new Ordered(ports, CHAIN),
  },
  convergent: {
    isOrdered: false,
    takesDifferences: false,
    hasSessions: false,
    group: 1,
    word: 'convergent',
    journal: 'eventual',
    make: (ports) => new Convergent(ports),
  },
  causal: {
    isOrdered: false,
    takesDifferences: false,
    hasSessions: true,
    group: 2,
    word: 'causal',
    journal: 'causal',
    make: causalScheme,
  },
};
