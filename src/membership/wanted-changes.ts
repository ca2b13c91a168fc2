import type { Clock } from '../base/clock.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import { epochOf, type Placement, samePlacement } from '../placement/agreed-placement.ts';
import {
  type Configuration,
  configurationEpoch,
  isChanging,
  sameConfiguration,
} from '../placement/configuration.ts';
import { isForcing, isRemovedByForce } from '../placement/forced.ts';
import { settled } from '../placement/member-changes.ts';
import { AgreedChange } from './agreed-change.ts';
import type { Peers } from './peers.ts';
import type { View } from './view.ts';

export interface WantedChangesPorts {
  readonly clock: Clock;
  /** How long a step may take that this controller asks for by itself, in milliseconds. */
  readonly stepMs: number;
}

/** What this controller wants the next view to change: the placement, the configuration, or both. */
export class WantedChanges {
  readonly placement = new AgreedChange<Placement>({ same: samePlacement, epochOf });
  readonly configuration = new AgreedChange<Configuration>({
    same: sameConfiguration,
    epochOf: configurationEpoch,
  });
  readonly #ports: WantedChangesPorts;

  constructor(ports: WantedChangesPorts) {
    this.#ports = ports;
  }

  /** Why a view is to be proposed; null when no change is wanted. */
  get reason(): string | null {
    return this.placement.reason ?? this.configuration.reason;
  }

  /** The forced configuration that is wanted; null where none is. It is given up when one that it drops is heard. */
  forced(peers: Pick<Peers, 'ids' | 'isHeard'>): Configuration | null {
    const { wanted } = this.configuration;
    if (wanted === null || !isForcing(wanted)) return null;
    const isBack = (id: ControllerId) => isRemovedByForce(wanted, id) && peers.isHeard(id);
    // mutant: forced-while-heard
    if (!peers.ids.some(isBack)) return wanted;
    this.configuration.giveUp();
    return null;
  }

  onInstalled({ placement, configuration, members }: View): void {
    this.placement.onInstalled(placement, members);
    this.configuration.onInstalled(configuration, members);
  }

  /** To be called every few milliseconds. @param view whose next step this controller asks for; null for none */
  onTick(view: View | null): void {
    const nowMs = this.#ports.clock.nowMs();
    this.placement.onTick(nowMs);
    this.configuration.onTick(nowMs);
    if (view !== null) this.#settle(view);
  }

  /**
   * A view is installed here whose configuration names those that voted before it, or was forced. The next view no
   * longer has to ask all of them.
   */
  #settle({ configuration }: View): void {
    const { clock, stepMs } = this.#ports;
    if (configuration === null || !isChanging(configuration)) return;
    if (this.configuration.isUnderWay) return;
    this.configuration.begin({
      from: configuration,
      to: settled(configuration),
      reason: 'the change of the controllers is installed',
      deadlineMs: clock.nowMs() + stepMs,
      isFor: () => true,
      done: () => {},
    });
  }
}
