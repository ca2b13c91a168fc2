import type { ControllerId } from '../base/number-kinds.ts';
import { epochOf, movedOn, type Placement } from '../placement/agreed-placement.ts';
import { type Configuration, isFollower } from '../placement/configuration.ts';
import type { Acceptor } from './acceptor.ts';
import { NO_BALLOT, sameBallot } from './ballot.ts';
import type { View } from './view.ts';

/**
 * The placement and the configuration that are installed, as far as this controller knows.
 *
 * A member of a view has them from the view. A controller that follows is a member of none: the members tell it. It
 * answers nobody before a member has told it in this run, because an earlier run may have remembered more.
 *
 * **Ahead.** The members of a view accept it before any of them serves by it, and hold up what it changes until then. A
 * controller that follows can't accept a view. In place of that it goes ahead: once it has handed over what moves, it
 * goes by the next placement as a member does that has accepted it, and that does not know whether it is installed. So
 * no value of the group before is read there any more when the group after begins to serve. A run that begins behind a
 * barrier is ahead from the start, because an earlier run may have said that it had handed over.
 */
export class Installed {
  readonly #record: Acceptor;
  readonly #node: ControllerId;
  readonly #configured: Configuration;
  #placement: Placement | null;
  #configuration: Configuration | null;
  /** The next placement, where this controller is ahead. */
  #next: Placement | null = null;
  #told: object | null = null;
  /** To be called once this controller would remember what it was told; null when it does. */
  #onKept: (() => void) | null = null;

  constructor(record: Acceptor, node: ControllerId, configured: Configuration) {
    this.#record = record;
    this.#node = node;
    this.#configured = configured;
    this.#placement = record.installed;
    this.#configuration = record.installedConfiguration;
    // mutant: reads-behind-the-barrier-of-an-earlier-run
    if (isFollower(this.configuration, node)) this.goAhead();
  }

  get placement(): Placement | null {
    return this.#placement;
  }

  get configuration(): Configuration {
    return this.#configuration ?? this.#configured;
  }

  /** This controller has accepted a view, in this run or in one that it remembers. */
  get hasView(): boolean {
    return !sameBallot(this.#record.accepted, NO_BALLOT);
  }

  /** What a member of a view has told this run: another object each time. Null while none has. */
  get told(): object | null {
    return this.#told;
  }

  /** The placement that this controller has accepted, or is ahead with. */
  get acceptedPlacement(): Placement | null {
    return this.#next ?? this.#record.placement;
  }

  /** A view is installed here. */
  onView({ placement, configuration }: View): void {
    this.#next = null;
    this.#placement = placement;
    this.#configuration = configuration;
    this.#record.noteInstalled();
  }

  /** A view with this configuration is installed, though not here. */
  onConfiguration(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#record.noteConfiguration(configuration);
  }

  /**
   * A member of a view has told which placement is installed there. This controller goes by it once it would remember
   * it.
   *
   * @param done called then; never where something newer is known
   */
  onTold(placement: Placement | null, done: () => void): void {
    // One that votes, or is to vote, gets its placement from a view.
    if (!isFollower(this.configuration, this.#node)) return;
    const epochs = epochOf(placement) - epochOf(this.#record.placement);
    // mutant: goes-back-when-told
    if (epochs < 0) return;
    const isKnown = epochs === 0;
    if (isKnown && this.#told !== null) return;
    this.#onKept = done;
    if (!isKnown) {
      this.#next = null;
      this.#record.noteTold(placement, () => this.onTick());
      if (this.#told === null) this.goAhead();
    }
    this.onTick();
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const onKept = this.#onKept;
    if (onKept === null || !this.#record.isKept) return;
    this.#onKept = null;
    this.#placement = this.#record.placement;
    this.#told = { placement: this.#placement };
    onKept();
  }

  /** Goes by the next placement, behind the barrier of a move. */
  goAhead(): void {
    const { placement } = this.#record;
    const move = placement?.move ?? null;
    if (placement === null || move?.phase !== 'barrier' || this.#next !== null) return;
    this.#next = movedOn(placement, move, 0);
  }
}
