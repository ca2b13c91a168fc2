import type { GroupStorage } from '../../src/controller/core-ports.ts';
import type { JournalRecord } from '../../src/journal/journal.ts';
import type { Version } from '../../src/ordering/version.ts';
import type { Router } from '../../src/placement/router.ts';
import { type JudgedJournal, joined, newestIn, restricted, WitnessJournal } from './witness-journal.ts';

/** The part of a router that tells which group has a key. */
type Routes = Pick<Router<unknown, { readonly number: number }>, 'of' | 'partOf'>;

/** The journals of one machine, each of a group with entries. A move of a keyspace may bring further ones. */
export class NodeJournals {
  readonly #byGroup = new Map<number, WitnessJournal>();
  readonly #routes: () => Routes | null;

  /** @param routes gives null while the controller does not run: then the journals of all groups count for a key */
  constructor(routes: () => Routes | null) {
    this.#routes = routes;
  }

  of(group: number): WitnessJournal | undefined {
    return this.#byGroup.get(group);
  }

  get all(): readonly WitnessJournal[] {
    return [...this.#byGroup.values()];
  }

  set(group: number, journal: WitnessJournal): void {
    this.#byGroup.set(group, journal);
  }

  /** The storage of a run that begins, with a journal that goes on to note what is applied. */
  witnessed(group: number, { journal, recovered, viewLog }: GroupStorage): GroupStorage {
    const witness = new WitnessJournal(journal, this.of(group)?.handedOn);
    this.set(group, witness);
    return { journal: witness, recovered, viewLog };
  }

  /** Keys that have an entry now. */
  liveKeys(): string[] {
    const all = [...this.#byGroup].flatMap(([group, journal]) =>
      [...journal.liveKeys()].filter((key) => this.#isServedBy(group, key)),
    );
    return [...new Set(all)];
  }

  /** The newest write of the key. */
  newest(key: string): JournalRecord | undefined {
    const serving = [...this.#byGroup].flatMap(([group, one]) => (this.#isServedBy(group, key) ? [one] : []));
    return newestIn(serving, key);
  }

  /**
   * What any of these groups applied of some keys, and what the group that has them now knows of them.
   *
   * @param key one of them
   */
  part(groups: readonly number[], key: string, isOf: (key: string) => boolean): JudgedJournal {
    const all = [...this.#byGroup].flatMap(([group, journal]) => (groups.includes(group) ? [journal] : []));
    const serving = this.#routes()?.of(key).group.number;
    const last = (serving === undefined ? undefined : this.of(serving)) ?? all[0]!;
    return restricted(joined(all, last), isOf);
  }

  /** That of the only keyspace. It is in several journals where the keyspace was moved. */
  get ofOnly(): JudgedJournal {
    const all = [...this.#byGroup.values()];
    const serving = this.#routes()?.of('').group.number;
    return joined(all, (serving === undefined ? undefined : this.of(serving)) ?? all[0]!);
  }

  /** Those of all groups, each for the keys that it serves. */
  get ofAll(): JudgedJournal {
    const all = [...this.#byGroup.values()];
    return {
      applied: all.flatMap(({ applied }) => applied),
      newest: (key) => this.newest(key),
      liveKeys: () => new Set(this.liveKeys()),
      allRecords: () => all.flatMap((journal) => journal.allRecords()),
    };
  }

  /** Another group may have an old record of the key, from a move that has stopped. */
  #isServedBy(group: number, key: string): boolean {
    const routes = this.#routes();
    if (routes === null) return true;
    const part = routes.partOf(key);
    return part.elsewhere === null && part.group.number === group;
  }
}

/**
 * A group goes on from this version, and has lost what came after it. Other groups may have copied that, for a move.
 *
 * @param isOld the run of the node had begun before
 */
export function forgetBeyond<Node extends { readonly journals: NodeJournals }>(
  nodes: readonly Node[],
  group: number,
  version: Version,
  isOld: (node: Node) => boolean,
): void {
  const lost = nodes.flatMap((node) => node.journals.of(group)?.forgetBeyond(version, isOld(node)) ?? []);
  for (const { journals } of nodes) for (const journal of journals.all) journal.forgetCopies(lost);
}
