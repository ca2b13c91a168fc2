import { isSameView, type WantedView } from '../wanted-view.ts';
import { type CountAnswer, type StatusAnswer, StepFailed, type StepMessage } from './messages.ts';
import { type ChangeParticipant, giversIn, type NodePorts } from './participant.ts';
import { pause } from './pause.ts';
import { participantsOf, type ServedView, shardsIn, type ViewChange } from './served-view.ts';

/** What became of a change: the new view, and how many keys each of its shards has. */
export interface ChangedView {
  readonly view: ServedView;
  readonly keys: readonly number[];
}

interface Plan {
  readonly change: ViewChange;
  readonly statuses: ReadonlyMap<string, StatusAnswer>;
}

/** Clients give up after 5 s. A change is decided within this time, in milliseconds. */
const DECIDED_WITHIN_MS = 4_000;

/** How long the nodes may take to confirm what was decided, in milliseconds. */
const CONFIRMED_WITHIN_MS = 600;

/** How long a node may take to say that it is there, in milliseconds. */
const STATUS_MS = 800;

/** How often the members of a shard are asked again whether they have the same entries, in milliseconds. */
const ALIKE_AGAIN_MS = 40;

/** Leads one view change. Nothing of it is visible to clients before the change is decided. */
export class Leader {
  readonly #ports: NodePorts;
  readonly #own: ChangeParticipant;
  readonly #endMs = performance.now() + DECIDED_WITHIN_MS;
  readonly #id: string;

  constructor(ports: NodePorts, own: ChangeParticipant, id: string) {
    this.#ports = ports;
    this.#own = own;
    this.#id = id;
  }

  /**
   * @param known nodes that may know the present view, where this node is not in it
   * @throws StepFailed when the view stays as it was
   */
  async lead(wanted: WantedView, known: readonly string[]): Promise<ChangedView> {
    if (!this.#own.beginLeading(this.#id)) throw new StepFailed('this node leads another change of the view');
    let outcome: 'committed' | 'aborted' | null = null;
    try {
      const { change, statuses } = await this.#plan(wanted, known);
      const { from, to } = change;
      if (isSameShards(from, to)) return { view: to, keys: keysOf(to, statuses) };
      outcome = 'aborted';
      let keys: readonly number[];
      try {
        keys = await this.#carryOut(change);
      } catch (error) {
        this.#own.endLeading('aborted');
        await this.#toAll(change, { step: 'abort', id: change.id }, CONFIRMED_WITHIN_MS).catch(() => {});
        throw error;
      }
      outcome = 'committed';
      this.#own.endLeading('committed');
      // All nodes are ready, and serve nothing of the old view any more, so the change is done whoever confirms it now.
      await this.#toAll(change, { step: 'commit', id: change.id }, CONFIRMED_WITHIN_MS).catch(() => {});
      return { view: change.to, keys };
    } finally {
      if (outcome === null) this.#own.endLeading(null);
    }
  }

  async #plan(wanted: WantedView, known: readonly string[]): Promise<Plan> {
    const { address, current } = this.#ports;
    const own = current().view;
    const asked = new Set([...wanted.nodes, ...own.nodes, address, ...(own.nodes.length === 0 ? known : [])]);
    const statuses = new Map<string, StatusAnswer>();
    await this.#askStatuses([...asked], statuses);
    const from = presentView(own, address, statuses);
    // A cluster that begins empty must not begin beside another one that this node does not reach, or has left.
    const isFirst = [...asked].every((node) => statuses.get(node)?.view.number === 0);
    if (from.nodes.length === 0 && !isFirst) throw new StepFailed('the present view is not known here');
    await this.#askStatuses(
      from.nodes.filter((node) => !statuses.has(node)),
      statuses,
    );
    const factor = wanted.factor ?? from.factor;
    if (wanted.nodes.length % factor !== 0) throw new StepFailed('the factor does not divide the view');
    const number = Math.max(...[...statuses.values()].map(({ view }) => view.number)) + 1;
    const to = { id: this.#id, number, nodes: wanted.nodes, factor, paths: from.paths };
    const nodes = [...participantsOf({ from, to }), address];
    const absent = nodes.find((node) => !statuses.has(node));
    if (absent !== undefined) throw new StepFailed(`${absent} does not answer`);
    const runs = Object.fromEntries(nodes.map((node) => [node, statuses.get(node)!.run]));
    return { change: { id: this.#id, from, to, leader: address, runs }, statuses };
  }

  async #askStatuses(nodes: readonly string[], into: Map<string, StatusAnswer>): Promise<void> {
    const message = { step: 'status', id: null } as const;
    const asking = nodes.map(async (node) => {
      const answer = await this.#ask(node, null, message, STATUS_MS).catch(() => null);
      if (answer !== null) into.set(node, answer);
    });
    await Promise.all(asking);
  }

  /** @returns the keys of each new shard, once every node is ready @throws StepFailed when the view has to stay */
  async #carryOut(change: ViewChange): Promise<readonly number[]> {
    const { id, from, to } = change;
    const nodes = participantsOf(change);
    // Of several changes at once, one alone is prepared at the first node of the present view.
    await this.#to([nodes[0]!], change, { step: 'prepare', change });
    await this.#to(nodes.slice(1), change, { step: 'prepare', change });
    const before = await this.#countWhenAlike(change, 'old');
    await this.#to(giversIn(from), change, { step: 'give', id });
    const after = await this.#countWhenAlike(change, 'new');
    if (sum(before) !== sum(after))
      throw new StepFailed(`of ${sum(before)} keys, ${sum(after)} were handed over`);
    if (after.length !== shardsIn(to).length) throw new StepFailed('a shard was not counted');
    await this.#to(nodes, change, { step: 'ready', id });
    return after;
  }

  /** The keys of each shard, once all its members have the same entries. */
  async #countWhenAlike(change: ViewChange, of: 'old' | 'new'): Promise<readonly number[]> {
    const view = of === 'old' ? change.from : change.to;
    return Promise.all(
      shardsIn(view).map(async (members) => {
        for (;;) {
          const [first, ...others] = await this.#counts(members, change, of);
          if (others.every(({ digest }) => digest === first!.digest)) return first!.keys;
          if (performance.now() > this.#endMs)
            throw new StepFailed(`${members.join()} do not exchange their entries`);
          await pause(ALIKE_AGAIN_MS);
        }
      }),
    );
  }

  #counts(members: readonly string[], { id, runs }: ViewChange, of: 'old' | 'new'): Promise<CountAnswer[]> {
    const message = { step: 'count', id, of } as const;
    return Promise.all(members.map((node) => this.#ask(node, runs[node]!, message, this.#leftMs())));
  }

  async #to(nodes: readonly string[], { runs }: ViewChange, message: StepMessage): Promise<void> {
    await Promise.all(nodes.map((node) => this.#ask(node, runs[node]!, message, this.#leftMs())));
  }

  async #toAll(change: ViewChange, message: StepMessage, withinMs: number): Promise<void> {
    const asking = participantsOf(change).map((node) =>
      this.#ask(node, change.runs[node]!, message, withinMs),
    );
    await Promise.allSettled(asking);
  }

  /** A node asks itself without a connection. */
  #ask<Step extends StepMessage>(node: string, run: string | null, message: Step, withinMs: number) {
    const { address, ask } = this.#ports;
    if (node !== address) return ask(node, run, message, withinMs);
    const late = pause(withinMs, false).then(() => {
      throw new StepFailed('this node was not done in time');
    });
    return Promise.race([this.#own.onMessage(message), late]);
  }

  /** @throws StepFailed when there is no time left */
  #leftMs(): number {
    const leftMs = this.#endMs - performance.now();
    if (leftMs <= 0) throw new StepFailed('there was no time left');
    return leftMs;
  }
}

/**
 * The view that is to be changed: that of the asked node. Where the others do not serve in that, or it has none, the
 * one that all of its nodes serve in.
 *
 * @throws StepFailed where there are several with keys
 */
export function presentView(
  own: ServedView,
  address: string,
  statuses: ReadonlyMap<string, StatusAnswer>,
): ServedView {
  const views = new Map([...statuses.values()].map(({ view }) => [view.id, view]));
  const nodesOf = (view: ServedView) => view.nodes.map((node) => statuses.get(node));
  const isServed = (view: ServedView) =>
    nodesOf(view).every((one) => one === undefined || one.view.id === view.id);
  if (own.nodes.includes(address) && isServed(own)) return own;
  const served = [...views.values()].filter((view) => view.nodes.length > 0 && isServed(view));
  const newest = Math.max(...served.map(({ number }) => number));
  const candidates = served.filter(({ number }) => number === newest);
  const used = candidates.filter((view) => nodesOf(view).some((one) => (one?.keys ?? 0) > 0));
  const [first, second] = used.length === 0 ? candidates : used;
  if (second !== undefined) throw new StepFailed('the nodes serve in several views');
  return first ?? { ...own, id: 'none', nodes: [] };
}

/** The nodes of each shard stay, in whatever order. */
function isSameShards(from: ServedView, to: ServedView): boolean {
  const shards = shardsIn(to);
  const present = shardsIn(from);
  if (from.factor !== to.factor || shards.length !== present.length) return false;
  // The shards of `shards` have no names but those of their nodes.
  if (to.paths !== 'replicas') return isSameView(from.nodes, to.nodes);
  return shards.every((members, at) => isSameView(members, present[at]!));
}

function keysOf(view: ServedView, statuses: ReadonlyMap<string, StatusAnswer>): readonly number[] {
  return shardsIn(view).map(([first]) => statuses.get(first!)!.keys);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
