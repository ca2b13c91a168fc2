import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../../base/number-kinds.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { GroupStorage } from '../core-ports.ts';
import type { PlannedGroup } from '../group-plan.ts';
import type { Groups } from '../groups.ts';
import type { Levels } from '../levels.ts';

export interface GroupOpenerPorts {
  /** Gives the other controllers that have to be done with each step: all that are configured. */
  readonly peers: () => readonly ControllerId[];
  readonly groups: Groups;
  readonly levels: Levels;
  readonly clock: Clock;
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly openGroup: (plan: PlannedGroup, done: (opened: GroupStorage | string) => void) => void;
  readonly closeGroup: (group: GroupNumber, done: () => void) => void;
  /** Tells all peers how far this controller is. */
  readonly announce: () => void;
  /** A gate may have opened. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** A group that could not be opened is tried again after this long, in milliseconds. */
const OPEN_AGAIN_MS = 1_000;

const NO_ORDERED_ENTRIES = 'it is configured without an ordered level: configure it as the others are';

/**
 * Has this controller take part in the groups that it needs for a move, and closes the journals of those that have
 * ended. A group may be needed again while its journal is still being opened, or closed: no journal is opened twice at
 * a time.
 */
export class GroupOpener {
  readonly #ports: GroupOpenerPorts;
  /** When the group may be tried again. */
  readonly #opening = new Map<GroupNumber, MonotonicMs>();
  #trouble = '';

  constructor(ports: GroupOpenerPorts) {
    this.#ports = ports;
  }

  /** Why a group could not be begun; empty when all could. */
  get trouble(): string {
    return this.#trouble;
  }

  /** To be called every few milliseconds. */
  step(): void {
    const { levels, groups, openGroup, clock } = this.#ports;
    for (const number of groups.takeEnded()) this.#close(number);
    for (const plan of levels.missing) {
      const { number } = plan;
      if (number === ROOT_GROUP) {
        this.#trouble = NO_ORDERED_ENTRIES;
        continue;
      }
      if (clock.nowMs() < (this.#opening.get(number) ?? 0)) continue;
      this.#opening.set(number, Number.POSITIVE_INFINITY);
      openGroup(plan, (opened) => this.#onOpened(plan, opened));
    }
  }

  #onOpened(plan: PlannedGroup, opened: GroupStorage | string): void {
    const { number } = plan;
    const { groups, levels, peers, incarnationOf, clock, log, onChange, announce } = this.#ports;
    if (typeof opened === 'string') {
      if (this.#trouble !== opened) log.warn('a group can not be begun', { group: number, reason: opened });
      this.#trouble = opened;
      this.#opening.set(number, clock.nowMs() + OPEN_AGAIN_MS);
      return;
    }
    this.#trouble = '';
    this.#opening.delete(number);
    // The move may have been cancelled meanwhile.
    // mutant: keeps-open-what-is-not-needed
    if (!levels.missing.some((one) => one.number === number)) return this.#close(number);
    const group = groups.add(plan, opened);
    for (const peer of peers()) if (group.has(peer) && incarnationOf(peer) !== null) group.onPeerUp(peer);
    levels.onGroups();
    announce();
    onChange();
  }

  #close(number: GroupNumber): void {
    this.#opening.set(number, Number.POSITIVE_INFINITY);
    this.#ports.closeGroup(number, () => this.#opening.delete(number));
  }
}
