import type { ControllerId } from '../base/number-kinds.ts';
import type { Configuration } from '../placement/configuration.ts';
import { closedBecause, type Gate, waitBecause } from './gate.ts';
import type { JoinBlocker } from './join-blocker.ts';
import type { HeldLease } from './lease.ts';
import type { MembershipPorts } from './membership-ports.ts';
import type { AcceptorState } from './messages.ts';
import type { ViewChanger } from './view-changer.ts';
import { predecessorOf } from './view-choice.ts';
import {
  ABOUT_TO_BE_TAKEN_IN,
  CATCHING_UP,
  LEASE_RENEWED,
  majorityGate,
  NO_LEASE,
  outOfView,
} from './view-gates.ts';
import type { Voter } from './voter.ts';

/** The parts of a membership that tell why it may serve nothing. */
interface ClosedGatesParts {
  readonly views: { readonly configuration: Configuration; readonly isOutside: boolean };
  readonly acceptors: () => ReadonlyMap<ControllerId, AcceptorState>;
  readonly changer: ViewChanger;
  readonly held: HeldLease;
  readonly obstacle: JoinBlocker;
  readonly voter: Voter;
}

/** What a controller says that has no view, or no lease. */
export class ClosedGates {
  readonly #ports: Pick<
    MembershipPorts,
    'peers' | 'journal' | 'mayForm' | 'isCaughtUp' | 'clock' | 'leaseMs'
  >;
  readonly #parts: ClosedGatesParts;

  constructor(ports: MembershipPorts, parts: ClosedGatesParts) {
    this.#ports = ports;
    this.#parts = parts;
  }

  get withoutView(): Gate {
    const { peers, journal, mayForm } = this.#ports;
    const { views, voter, changer, acceptors } = this.#parts;
    const { configuration, isOutside } = views;
    if (!voter.isIn(configuration)) return voter.gateOutside(configuration);
    const tooFew = majorityGate(configuration, peers.unavailable, peers);
    if (tooFew !== null) return tooFew;
    const { journalTrouble, exclusionReason } = journal;
    if (journalTrouble !== '' || (isOutside && exclusionReason !== '')) return outOfView(exclusionReason);
    if (isOutside) return this.#outside;
    const basis = predecessorOf(acceptors(), configuration, mayForm);
    if (basis.kind === 'unknown' && peers.silent.length > 0) {
      const reason = `${basis.reason}; waiting for ${peers.describe(peers.silent)}`;
      return closedBecause('NO_VIEW', reason);
    }
    return waitBecause('NO_VIEW', changer.waitsFor || 'the controllers are forming a view');
  }

  /**
   * A lease that ran out is being renewed, unless the controllers that would have to grant it do not hear this one.
   */
  get withoutLease(): Gate {
    const { clock, leaseMs, peers } = this.#ports;
    const { views, held, changer, obstacle } = this.#parts;
    const tooFew = majorityGate(views.configuration, peers.silent, peers);
    if (tooFew !== null) return tooFew;
    const heldMs = Math.max(held.untilMs, changer.installedMs);
    if (clock.nowMs() - heldMs < leaseMs || peers.ids.some((peer) => obstacle.isHeardBy(peer)))
      return LEASE_RENEWED;
    return NO_LEASE;
  }

  get #outside(): Gate {
    const { reason } = this.#parts.obstacle;
    if (reason !== '') return outOfView(reason);
    return this.#ports.isCaughtUp() ? ABOUT_TO_BE_TAKEN_IN : CATCHING_UP;
  }
}
