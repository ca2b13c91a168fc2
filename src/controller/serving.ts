import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import { Coordinator } from '../consistency/coordinator.ts';
import { DIFFERENCE_LIMITS } from '../consistency/differences.ts';
import { AskedClients } from '../consistency/hop/asked-clients.ts';
import { Hop } from '../consistency/hop/hop.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
import { startGraceMsOf } from '../membership/start-grace.ts';
import type { HopMessage } from '../replication/hop/messages.ts';
import { hasEndedIn, shardsGateOf } from './controller-ports.ts';
import type { CorePorts } from './core-ports.ts';
import type { CoreTime } from './core-time.ts';
import type { ControllerRouter } from './groups.ts';
import type { PassingPeers } from './passing-peers.ts';

export interface ServingPorts {
  readonly core: CorePorts;
  readonly router: ControllerRouter;
  readonly peers: Peers;
  /** Also those that are peers for requests alone. */
  readonly passing: PassingPeers;
  readonly time: CoreTime;
  /** Keyspaces may have had other levels before. */
  readonly isPlaced: () => boolean;
  /** Those of the root group. */
  readonly views: Membership;
  /** Requests that wait should be tried again. */
  readonly onChange: () => void;
}

/** The parts of a controller that carry out requests: those of its own clients, and of clients of other controllers. */
export class Serving {
  readonly coordinator: Coordinator;
  /** Has requests carried out by controllers that have the key. */
  readonly hop: Hop;
  /** Carries out requests of clients of other controllers. */
  readonly asked: AskedClients;

  constructor(ports: ServingPorts) {
    this.hop = hopOf(ports);
    this.coordinator = coordinatorOf(ports, this.hop);
    this.asked = askedClientsOf(ports, this.coordinator);
  }

  /** @param group that of the key */
  onMessage(from: ControllerId, group: GroupNumber, message: HopMessage): void {
    if (message.type === 'ask') this.asked.onAsk(from, group, message);
    else if (message.type === 'ask-session') this.asked.onSession(from, message);
    else if (message.type === 'answer-session') this.hop.onSession(from, message);
    else this.hop.onAnswer(from, message);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.hop.onTick();
    this.asked.onTick();
    this.coordinator.onTick();
  }

  /** To be called when a gate may have opened or closed. */
  onChange(): void {
    this.coordinator.onChange();
    this.asked.drain();
  }

  /** A client of another controller waits for an answer of this one. */
  get isAsked(): boolean {
    return !this.asked.isIdle;
  }
}

function hopOf({ core, router, passing, views, onChange }: ServingPorts): Hop {
  const { settings, bus, clock } = core;
  return new Hop({
    node: settings.self,
    peers: passing,
    busOf: (group) => bus.of(group),
    clock,
    graceMs: startGraceMsOf(settings),
    requestTimeoutMs: settings.requestTimeoutMs,
    groupOf: (key) => {
      const { elsewhere, group } = router.partOf(key);
      return elsewhere?.group ?? group.number;
    },
    votingGate: () => shardsGateOf(views, settings),
    hasEnded: (group) => hasEndedIn(views, group),
    onChange,
  });
}

function askedClientsOf(
  { core, router, peers, views }: ServingPorts,
  coordinator: Coordinator,
): AskedClients {
  const { bus, waitingBytes, refuse } = core;
  return new AskedClients({
    coordinator,
    router,
    busOf: (group) => bus.of(group),
    waitingBytes,
    hasEnded: (group) => hasEndedIn(views, group),
    nameOf: (peer) => peers.nameOf(peer),
    refuse,
  });
}

function coordinatorOf({ core, router, peers, time, isPlaced, views }: ServingPorts, hop: Hop): Coordinator {
  const { settings, clock, tokenMac, local, nextTurn, lend } = core;
  return new Coordinator({
    tokens: {
      cluster: settings.cluster,
      mac: tokenMac,
      aheadMs: (versionTime) => time.aheadMs(versionTime),
      maxClockSkewMs: settings.maxClockSkewMs,
      mayBeGone: isPlaced,
      hasEnded: (group) => hasEndedIn(views, group),
    },
    nextTurn,
    hop,
    lend,
    router,
    timeMs: () => time.cluster.nowMs(),
    isTimed: () => time.cluster.isAgreed,
    clock,
    requestTimeoutMs: settings.requestTimeoutMs,
    slowRequestMs: settings.slowRequestMs,
    itemBytesMax: settings.itemBytesMax,
    differences: core.differences ?? DIFFERENCE_LIMITS,
    waitingFor: () => (peers.unavailableText === '' ? '' : `waiting for ${peers.unavailableText}`),
    local,
  });
}
