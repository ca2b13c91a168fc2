import type { ControllerId, GroupNumber, VersionTime } from '../base/number-kinds.ts';
import type { Retired, WrittenUntil } from '../membership/messages.ts';
import type { Group } from '../replication/group.ts';
import { SCHEMES } from '../replication/schemes.ts';
import type { Groups } from './groups.ts';

/**
 * What controllers that vote no more have written alone, at convergent levels, and whether the others have it.
 *
 * Such a controller says that it is one with each heartbeat, once it knows it and no write of its clients is under way.
 * From then on it answers nobody. So what it names is all that it has ever answered, and it may be dropped once
 * a member has that on its disk.
 *
 * What it said counts for the configuration that it named: in a later one it may have voted again.
 */
export class Retirement {
  /** Made after this, as the groups ask it for what peers have said. */
  readonly #groups: () => Groups;
  readonly #said = new Map<ControllerId, Retired>();

  constructor(groups: () => Groups) {
    this.#groups = groups;
  }

  /** What this controller says of itself; null where there is nothing to say, or not yet. */
  get word(): Retired | null {
    const { views } = this.#groups();
    const { epoch } = views.configuration;
    if (epoch === undefined || views.isVoting()) return null;
    const written: WrittenUntil[] = [];
    for (const { number, scheme } of this.#convergent) {
      const time = scheme.writtenUntil;
      if (time === null) return null;
      written.push({ group: number, time });
    }
    return written.length === 0 ? null : { type: 'retired', epoch, written };
  }

  onRetired(from: ControllerId, retired: Retired): void {
    this.#said.set(from, retired);
  }

  /** The version time of the newest write that the peer has answered in the group; 0 where it votes, or has not said. */
  retiredAt(peer: ControllerId, group: GroupNumber): VersionTime {
    return this.#writtenIn(peer, group) ?? 0;
  }

  /** The peer may have answered writes that this controller would lose with its disk, or does not have. */
  isAwaited(peer: ControllerId): boolean {
    // mutant: dropped-with-its-writes
    return this.#convergent.some(({ number, announcement }) => {
      const until = this.#writtenIn(peer, number);
      return until === null || (announcement.known[peer] ?? 0) < until;
    });
  }

  get #convergent(): readonly Group[] {
    return this.#groups().withEntries.filter(({ schemeName }) => !SCHEMES[schemeName].isOrdered);
  }

  #writtenIn(peer: ControllerId, group: GroupNumber): VersionTime | null {
    const said = this.#said.get(peer);
    if (said === undefined || said.epoch !== this.#groups().views.configuration.epoch) return null;
    return said.written.find((one) => one.group === group)?.time ?? null;
  }
}
