import type { ControllerId, GroupNumber, MonotonicMs } from '../base/number-kinds.ts';
import type { Retired } from '../membership/messages.ts';
import { isFollower, isJoining } from '../placement/configuration.ts';
import type { Group } from '../replication/group.ts';
import { SCHEMES } from '../replication/schemes.ts';
import type { CorePorts } from './core-ports.ts';
import type { Groups } from './groups.ts';

/** What a peer has said. */
interface Said {
  /** That of the configuration that it goes by. In a later one it may have voted again. */
  readonly epoch: number;
  readonly incarnation: number | null;
  readonly atMs: MonotonicMs;
  /** In these groups what it wrote is on the disk of this controller. */
  readonly kept: Set<GroupNumber>;
  /** In these it is on its way there. */
  readonly saving: Set<GroupNumber>;
}

/**
 * Controllers that vote no more, and whether the others have what they wrote alone, at convergent levels.
 *
 * Such a controller says that it is one with each heartbeat, once it knows it. From then on it takes no requests. So an
 * exchange that is started later brings all that it has ever answered, and it may be dropped once a member has that on
 * its disk. For a write that is under way the exchange waits.
 */
export class Retirement {
  readonly #ports: Pick<CorePorts, 'settings' | 'clock' | 'incarnationOf'>;
  /** Made after this, as the groups ask it for what peers have said. */
  readonly #groups: () => Groups;
  readonly #said = new Map<ControllerId, Said>();

  constructor(ports: Pick<CorePorts, 'settings' | 'clock' | 'incarnationOf'>, groups: () => Groups) {
    this.#ports = ports;
    this.#groups = groups;
  }

  /** What this controller says of itself; null where there is nothing to say, or not yet. */
  get word(): Retired | null {
    const { views } = this.#groups();
    const { configuration } = views;
    const { epoch } = configuration;
    if (epoch === undefined || views.isVoting() || this.#convergent.length === 0) return null;
    // One that joins has answered nobody, and one that follows goes on.
    const { self } = this.#ports.settings;
    return isJoining(configuration, self) || isFollower(configuration, self)
      ? null
      : { type: 'retired', epoch };
  }

  /** It is said again and again. The first time counts. */
  onRetired(from: ControllerId, { epoch }: Retired): void {
    const { clock, incarnationOf } = this.#ports;
    const incarnation = incarnationOf(from);
    const before = this.#said.get(from);
    if (before?.epoch === epoch && before.incarnation === incarnation) return;
    this.#said.set(from, { epoch, incarnation, atMs: clock.nowMs(), kept: new Set(), saving: new Set() });
  }

  /** See `ControllerPorts.retiredMs`. */
  retiredMs(peer: ControllerId): MonotonicMs | null {
    return this.#saidBy(peer)?.atMs ?? null;
  }

  /** The peer may have answered writes that this controller does not have on its disk. To be asked again and again. */
  isAwaited(peer: ControllerId): boolean {
    const said = this.#saidBy(peer);
    const groups = this.#convergent.filter((group) => group.has(peer));
    // mutant: dropped-with-its-writes
    if (said === null) return groups.length > 0;
    for (const group of groups) save(group, peer, said);
    // mutant: dropped-before-it-was-asked
    return groups.some(({ number }) => !said.kept.has(number));
  }

  get #convergent(): readonly Group[] {
    return this.#groups().withEntries.filter(({ schemeName }) => !SCHEMES[schemeName].isOrdered);
  }

  #saidBy(peer: ControllerId): Said | null {
    const said = this.#said.get(peer);
    return said?.epoch === this.#groups().views.configuration.epoch ? (said ?? null) : null;
  }
}

/** Once an exchange has brought what the peer had when it retired, waits until that is on disk. */
function save({ number, scheme, replica }: Group, peer: ControllerId, { atMs, kept, saving }: Said): void {
  const startedMs = scheme.exchange.startedMs(peer);
  if (kept.has(number) || saving.has(number) || startedMs === null || startedMs <= atMs) return;
  saving.add(number);
  replica.journal.whenDurable((error) => {
    saving.delete(number);
    if (error === null) kept.add(number);
  });
}
