import type { ControllerId } from '../base/number-kinds.ts';
import { samePlacement } from '../placement/agreed-placement.ts';
import { type Configuration, isFollower, isVoter } from '../placement/configuration.ts';
import { isRemovedByForce } from '../placement/forced.ts';
import { NO_BALLOT, sameBallot } from './ballot.ts';
import { type Gate, OPEN } from './gate.ts';
import type { ViewChanger } from './view-changer.ts';
import { FIRST_VIEW, FOLLOWS, NOT_TOLD, NOT_VOTING, REMOVED_BY_FORCE } from './view-gates.ts';

/** Whether this controller votes, as far as it knows, and so may answer. */
export class Voter {
  readonly #node: ControllerId;
  /** That of the start. */
  readonly #configured: Configuration;
  /** The configuration for which `#votes` was found. */
  #votesIn: Configuration | null = null;
  #votes = true;
  /** See `isFollowing`. */
  #follows = false;

  constructor(node: ControllerId, configured: Configuration) {
    this.#node = node;
    this.#configured = configured;
  }

  isIn(configuration: Configuration): boolean {
    this.#look(configuration);
    return this.#votes;
  }

  /** This controller serves, and does not vote. */
  isFollowing(configuration: Configuration): boolean {
    this.#look(configuration);
    return this.#follows;
  }

  /** Why a controller that does not vote agrees on nothing. */
  gateOutside(newest: Configuration): Gate {
    if (this.isFollowing(newest)) return FOLLOWS;
    return isRemovedByForce(newest, this.#node) ? REMOVED_BY_FORCE : NOT_VOTING;
  }

  /**
   * Whether this controller may answer alone. It votes, as far as it knows; and the placement that it goes by is one
   * that is not changed before it knows. One that was added has none of that before the first view that it has
   * installed. One that follows is told: see `Installed`.
   *
   * @param newest the newest configuration that is known here
   */
  gate(newest: Configuration, changer: ViewChanger): Gate {
    // mutant: silent-without-vote
    if (this.isFollowing(newest)) return changer.installed.told !== null ? OPEN : NOT_TOLD;
    if (!this.isIn(newest)) return this.gateOutside(newest);
    const { view, acceptedPlacement } = changer;
    const { configuration, placement } = changer.installed;
    if (view !== null) return OPEN;
    // mutant: votes-before-installed
    if (!isVoter(configuration, this.#node)) return NOT_VOTING;
    if (this.#configured.epoch === undefined) return OPEN;
    const hadView = !sameBallot(changer.acceptor.accepted, NO_BALLOT);
    return hadView && samePlacement(placement, acceptedPlacement) ? OPEN : FIRST_VIEW;
  }

  #look(configuration: Configuration): void {
    if (configuration === this.#votesIn) return;
    this.#votesIn = configuration;
    this.#votes = isVoter(configuration, this.#node);
    this.#follows = isFollower(configuration, this.#node);
  }
}
