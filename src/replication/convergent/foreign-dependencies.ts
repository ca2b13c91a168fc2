import type { ControllerId, GroupNumber } from '../../base/number-kinds.ts';
import type { Journal } from '../../journal/journal.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import { Stretches } from '../../ordering/stretches.ts';
import { noteSeen, SESSION_STRETCHES_MAX, type Session, type SessionPart } from '../request-context.ts';
import type { Foreign, SeenPart } from './messages.ts';

interface Known {
  readonly seen: Stretches;
  /** The revision that has changed it last. */
  revision: number;
}

/**
 * What the writes of this group depend on in other groups: for each other group what the sessions of their writers had
 * seen there, of all writes together. Whoever reads anything in the group depends on all of it from then on.
 *
 * It names more than a single write depends on. That costs waits, and never a wrong answer. Its size is bounded by the
 * numbers of groups and of controllers, whatever the number of keys. What it names of
 * a group that has ended is dropped.
 *
 * Invariant: whoever shows a write of the group has its foreign dependencies. They are recorded before the write is,
 * and a peer is told of them before it is told of anything that was written later (`busThatTells`).
 */
export class ForeignDependencies {
  readonly #group: GroupNumber;
  readonly #journal: Journal;
  readonly #hasEnded: (group: GroupNumber) => boolean;
  readonly #known = new Map<GroupNumber, Known>();
  #revision = 0;
  /** By peer: the revision that it knows. */
  readonly #told = new Map<ControllerId, number>();

  /** @param hasEnded see `ControllerPorts` */
  constructor(group: GroupNumber, journal: Journal, hasEnded: (group: GroupNumber) => boolean) {
    this.#group = group;
    this.#hasEnded = hasEnded;
    this.#journal = journal;
    // mutant: recovered-without-foreign
    for (const [key, { needs }] of journal.attached) {
      const other = groupOfKey(key);
      if (other !== null) this.#known.set(other, { seen: Stretches.of(needs), revision: ++this.#revision });
    }
  }

  /** A write is about to be made in this session, or a peer has told of writes that depend on this. */
  add(parts: Iterable<SeenPart | SessionPart>): void {
    for (const { group, seen } of parts)
      if (group !== this.#group && !this.#hasEnded(group)) this.#addOf(group, seen);
  }

  /** The session reads something of the group. */
  takenBy(session: Session, part: SessionPart): void {
    if (part.foreignTaken === this.#revision) return;
    part.foreignTaken = this.#revision;
    // mutant: reader-takes-no-foreign
    for (const [group, { seen }] of this.#known) noteSeen(session, group, seen);
  }

  /** All of them, for a group that gets keys of this one. */
  parts(): readonly SeenPart[] {
    return [...this.#known].map(([group, { seen }]) => ({ group, seen: [...seen] }));
  }

  /** To be called now and then: whoever serves what an ended group had shows all that is named of it. */
  forgetEnded(): void {
    for (const group of this.#known.keys()) {
      // mutant: keeps-what-ended-groups-had
      if (!this.#hasEnded(group)) continue;
      this.#known.delete(group);
      this.#journal.detach(keyOfGroup(group));
    }
  }

  /** The peer may have lost what it was told. */
  forgetPeer(peer: ControllerId): void {
    this.#told.delete(peer);
  }

  /** The bus of the group. A message over it follows what the peer has not been told of the foreign dependencies. */
  busThatTells<Message>(bus: PeerBus<Message | Foreign>, peers: readonly ControllerId[]): PeerBus<Message> {
    const tell = (some: readonly ControllerId[]): void => {
      if (this.#revision === 0) return;
      for (const peer of some) this.#tell(bus, peer);
    };
    return {
      send: (peer, message) => {
        tell([peer]);
        bus.send(peer, message);
      },
      sendToAll: (message) => {
        tell(peers);
        bus.sendToAll(message);
      },
      sendTo: (some, message) => {
        tell(some);
        bus.sendTo(some, message);
      },
      isUp: (peer) => bus.isUp(peer),
    };
  }

  #tell(bus: PeerBus<Foreign>, peer: ControllerId): void {
    const told = this.#told.get(peer) ?? 0;
    if (told === this.#revision || !bus.isUp(peer)) return;
    this.#told.set(peer, this.#revision);
    const news = [...this.#known].filter(([, { revision }]) => revision > told);
    // mutant: tells-no-foreign
    bus.send(peer, { type: 'foreign', parts: news.map(([group, { seen }]) => ({ group, seen: [...seen] })) });
  }

  #addOf(group: GroupNumber, more: SeenPart['seen'] | Stretches): void {
    const known = this.#known.get(group) ?? { seen: new Stretches(), revision: 0 };
    const added = Stretches.of(more);
    if (known.seen.dominates(added)) return;
    known.seen.merge(added);
    known.seen.joinNewest(SESSION_STRETCHES_MAX);
    known.revision = ++this.#revision;
    this.#known.set(group, known);
    const version = { time: known.seen.newestTime, node: 0 };
    this.#journal.attach({ key: keyOfGroup(group), version, needs: [...known.seen] });
  }
}

/** In the journal they are kept as what is attached to a key that no client can name: one with a space. */
function keyOfGroup(group: GroupNumber): string {
  return ` ${group}`;
}

/** @returns null for a key of clients */
function groupOfKey(key: string): GroupNumber | null {
  return key.startsWith(' ') ? Number(key.slice(1)) : null;
}

/** What is recorded under this key stays for as long as the journal. */
export function isOfForeign(key: string): boolean {
  return groupOfKey(key) !== null;
}
