import type { ControllerId, VersionTime } from '../base/number-kinds.ts';
import { ClockWatch } from '../membership/clock-watch.ts';
import { ClusterClock } from '../membership/cluster-clock.ts';
import type { Heartbeat } from '../membership/messages.ts';
import type { Peers } from '../membership/peers.ts';
import { startGraceMsOf } from '../membership/start-grace.ts';
import { HybridClock } from '../ordering/hybrid-clock.ts';
import { msOfVersionTime } from '../ordering/version.ts';
import { MessageChecks } from '../peer/message-checks.ts';
import type { Configuration } from '../placement/configuration.ts';
import type { CorePorts } from './core-ports.ts';

/** One controller's clocks: the time that the cluster agrees on, and the versions that are made from it. */
export class CoreTime {
  readonly cluster: ClusterClock;
  readonly versions: HybridClock;
  readonly #ports: CorePorts;
  readonly #peers: Peers;
  readonly #watch: ClockWatch;
  readonly #onAgreed: () => void;

  /** @param onAgreed there is cluster time from now on */
  constructor(ports: CorePorts, peers: Peers, configuration: () => Configuration, onAgreed: () => void) {
    const { settings, clock, log } = ports;
    const newestTime = newestTimeOf(ports);
    this.#ports = ports;
    this.#peers = peers;
    this.#onAgreed = onAgreed;
    const cluster = new ClusterClock({
      node: settings.self,
      clock,
      configuration,
      knownMs: msOfVersionTime(newestTime),
      heard: () => peers.ids.filter((peer) => peers.isHeard(peer)),
      maxSkewMs: settings.maxClockSkewMs,
      graceMs: startGraceMsOf(settings),
    });
    this.cluster = cluster;
    this.versions = new HybridClock(settings.self, () => cluster.nowMs());
    this.versions.observe(newestTime);
    this.#watch = new ClockWatch({ clock: cluster, peers, maxSkewMs: settings.maxClockSkewMs, log });
  }

  /** What a heartbeat says of the time. */
  get announcement(): Pick<Heartbeat, 'time' | 'wallMs' | 'clusterMs'> {
    return {
      time: this.versions.latest,
      wallMs: Math.max(0, Math.floor(this.#ports.clock.wallMs())),
      clusterMs: this.cluster.agreedMs ?? 0,
    };
  }

  /**
   * By how much a version time of a peer is ahead of the latest possible one, in milliseconds. A version time that is
   * known here already is not ahead: it can do no further harm.
   */
  aheadMs(versionTime: VersionTime): number {
    return versionTime <= this.versions.latest ? 0 : this.cluster.aheadMs(versionTime);
  }

  /** The checks of peers' messages, which go by this time. */
  admission(): MessageChecks {
    const { settings, clock } = this.#ports;
    const { self: node, maxClockSkewMs } = settings;
    const aheadMs = (time: number) => this.aheadMs(time);
    return new MessageChecks({ node, aheadMs, maxClockSkewMs, clock });
  }

  /** What a peer says of the time. The caller observes the peer's versions, once it has checked them. */
  onHeartbeat(from: ControllerId, heartbeat: Heartbeat): void {
    this.#learn(() => this.cluster.onHeartbeat(from, heartbeat));
  }

  onPeerDown(peer: ControllerId): void {
    this.cluster.onPeerDown(peer);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#learn(() => this.cluster.onTick());
  }

  /** Every `heartbeat_time`. */
  onHeartbeatTick(): void {
    this.#watch.step();
  }

  /** By how much a controller's wall clock is ahead of cluster time, in milliseconds; null where nothing is known. */
  errorMsOf(node: ControllerId): number | null {
    const { settings } = this.#ports;
    return node === settings.self ? this.cluster.ownErrorMs : this.cluster.errorMsOf(node);
  }

  #learn(time: () => void): void {
    const wasAgreed = this.cluster.isAgreed;
    time();
    if (wasAgreed || !this.cluster.isAgreed) return;
    const heard = this.#peers.ids.filter((peer) => this.#peers.isHeard(peer)).length;
    this.#ports.log.info('the time is agreed', {
      time: new Date(this.cluster.nowMs()).toISOString(),
      ownClockAheadMs: Math.round(this.cluster.ownErrorMs!),
      heard,
    });
    this.#onAgreed();
  }
}

/** The newest version time that any journal has from an earlier run: all groups share one clock. */
function newestTimeOf({ planned, storageOf }: CorePorts): VersionTime {
  const times = planned.map(({ number }) => storageOf(number).recovered.newestTime);
  return Math.max(...times);
}
