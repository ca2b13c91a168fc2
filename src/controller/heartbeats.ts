import type { ControllerId } from '../base/number-kinds.ts';
import type { Departure } from '../membership/departure.ts';
import type { Heartbeat, Retired } from '../membership/messages.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { Peers } from '../membership/peers.ts';
import { type Configuration, hasFollowers, idsEndOf } from '../placement/configuration.ts';
import type { Moving } from '../placement/moving.ts';
import { announcementsOf, nothingKnown } from './announcements.ts';
import type { CorePorts } from './core-ports.ts';
import type { CoreTime } from './core-time.ts';
import type { Groups } from './groups.ts';
import type { Health } from './health.ts';
import type { Mover } from './moves/mover.ts';
import type { PassingPeers } from './passing-peers.ts';
import type { Retirement } from './retirement.ts';
import type { Serving } from './serving.ts';
import { matesAmong } from './standing-peers.ts';

/** What a controller says of itself. Some of these are made after the heartbeats. */
interface HeartbeatParts {
  readonly peers: Peers;
  readonly passing: PassingPeers;
  readonly time: CoreTime;
  readonly departure: Departure;
  readonly groups: Groups;
  readonly serving: Serving;
  readonly mover: Mover;
  readonly retirement: Retirement;
}

/** What this controller says of itself, every `heartbeat_time` and whenever a link comes up. */
export class Heartbeats {
  readonly #ports: Pick<CorePorts, 'settings' | 'bus'>;
  readonly #configuration: () => Configuration;
  readonly #parts: HeartbeatParts;
  readonly #health: Health;

  constructor(
    ports: Pick<CorePorts, 'settings' | 'bus'>,
    configuration: () => Configuration,
    parts: HeartbeatParts,
    health: Health,
  ) {
    this.#ports = ports;
    this.#configuration = configuration;
    this.#parts = parts;
    this.#health = health;
  }

  /** Which group has which keyspace may differ from what is configured. */
  get isPlaced(): boolean {
    return this.#parts.groups.views.acceptedPlacement !== null;
  }

  sendToAll(): void {
    const { groups } = this.#parts;
    const bus = this.#ports.bus.of(ROOT_GROUP);
    if (hasFollowers(this.#configuration())) this.#sendToMates();
    else bus.sendToAll(this.#heartbeat());
    for (const { group, message } of announcementsOf(groups, this.isPlaced))
      groups.byNumber[group]!.bus.sendToAll(message);
    for (const word of this.#words()) bus.sendTo(this.#parts.peers.ids, word);
  }

  /** A link to the peer has come up. */
  sendTo(peer: ControllerId): void {
    const { groups } = this.#parts;
    const bus = this.#ports.bus.of(ROOT_GROUP);
    bus.send(peer, this.#heartbeat());
    for (const { group, message } of announcementsOf(groups, this.isPlaced))
      groups.byNumber[group]!.bus.send(peer, message);
    for (const word of this.#words()) bus.send(peer, word);
  }

  /** Only mates are told which controllers are heard, and which of their heartbeats have come. */
  #sendToMates(): void {
    const { peers, passing, departure, groups, serving } = this.#parts;
    const { settings, bus: buses } = this.#ports;
    const bus = buses.of(ROOT_GROUP);
    const shards = groups.shards.map(({ shard }) => shard);
    const mates = matesAmong(this.#configuration(), shards, settings.self);
    const heartbeat = this.#heartbeat();
    const others = peers.ids.filter((id) => !mates.has(id));
    const isTold = departure.phase !== 'staying';
    const passers = passing.askers.filter((peer) => isTold || serving.asked?.isOwed(peer) === true);
    const toMates = {
      ...heartbeat,
      hears: heartbeat.hears.filter((id) => mates.has(id)),
      heard: heartbeat.heard.map((askedMs, id) => (mates.has(id) ? askedMs : 0)),
    };
    bus.sendTo([...mates], toMates);
    bus.sendTo([...others, ...passers], { ...heartbeat, hears: [], heard: [] });
  }

  /** What follows a heartbeat while this controller takes part in a move, or votes no more. */
  #words(): readonly (Moving | Retired)[] {
    return [this.#parts.mover.word, this.#parts.retirement.word].filter((word) => word !== null);
  }

  #heartbeat(): Heartbeat {
    const { time, groups, peers, departure } = this.#parts;
    const configuration = this.#configuration();
    return {
      ...time.announcement,
      ...groups.views.part,
      hears: peers.steady,
      ...this.#health.announcement,
      ...(this.isPlaced ? nothingKnown(configuration) : groups.withEntries[0].announcement),
      type: 'heartbeat',
      departure: departure.phase,
      heard: peers.askedMs(idsEndOf(configuration)),
    };
  }
}
