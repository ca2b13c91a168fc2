import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Leader } from '../../../src/dialects/view-change/change/leader.ts';
import { StepFailed, type StepMessage } from '../../../src/dialects/view-change/change/messages.ts';
import {
  type Admission,
  ChangeParticipant,
  type NodePorts,
} from '../../../src/dialects/view-change/change/participant.ts';
import type { ServedEpoch, ServedView } from '../../../src/dialects/view-change/change/served-view.ts';

const OLD: ServedView = { id: 'old', number: 0, nodes: ['a', 'b'], factor: 1, paths: 'shards' };
const WAITING: ServedView = { ...OLD, id: 'waiting', nodes: [] };
const SILENT = { info: () => {}, warn: () => {} };

/** How a node stops. `cut`: it goes on, and nobody hears it any more. */
type Stop = 'dead' | 'cut';

/** Nodes without controllers: what is served, and to whom, is all that there is. */
class Nodes {
  readonly #all = new Map<string, { participant: ChangeParticipant; ports: NodePorts; view: ServedView }>();
  readonly #admitted = new Map<string, Admission>();
  readonly #gone = new Map<string, Stop>();
  readonly #stopsAt: number;
  readonly #stop: () => void;
  readonly splits: string[] = [];
  messages = 0;

  /** @param stopsAt the message with which a node stops. @param isDelivered the message arrives before */
  constructor(stopped: string, stop: Stop, stopsAt: number, isDelivered: boolean) {
    this.#stopsAt = stopsAt;
    this.#stop = () => void this.#gone.set(stopped, stop);
    for (const address of ['a', 'b', 'c']) this.#add(address, address === 'c' ? WAITING : OLD, isDelivered);
  }

  async change(): Promise<void> {
    const { ports, participant } = this.#all.get('a')!;
    new Leader(ports, participant, 'new').lead({ nodes: ['b', 'c'], factor: 1 }, []).catch(() => {});
    await vi.advanceTimersByTimeAsync(30_000);
  }

  heal(): void {
    this.#gone.clear();
  }

  /** What nodes that are not dead let clients see. */
  seen(): readonly string[] {
    const alive = [...this.#all].filter(([address]) => this.#gone.get(address) !== 'dead');
    return alive.map(([address, { view }]) => `${this.#admitted.get(address)} of ${nameOf(view)}`);
  }

  close(): void {
    for (const { participant } of this.#all.values()) participant.close();
  }

  #add(address: string, view: ServedView, isDelivered: boolean): void {
    const epochOf = (served: ServedView) => ({ view: served, ports: NO_ENTRIES }) as unknown as ServedEpoch;
    const ports: NodePorts = {
      address,
      run: address,
      current: () => epochOf(this.#all.get(address)!.view),
      start: async (next) => epochOf(next),
      discard: () => {},
      serve: (epoch) => {
        this.#all.get(address)!.view = epoch.view;
        this.#check();
      },
      admit: async (admission) => {
        this.#admitted.set(address, admission);
        this.#check();
      },
      ask: (async (to: string, _: string | null, message: StepMessage, withinMs: number) =>
        Promise.race([
          this.#deliver(address, to, message, isDelivered),
          silentFor(withinMs),
        ])) as NodePorts['ask'],
      look: () => {},
      log: SILENT,
    };
    this.#admitted.set(address, 'all');
    this.#all.set(address, { participant: new ChangeParticipant(ports), ports, view });
  }

  async #deliver(from: string, to: string, message: StepMessage, isDelivered: boolean): Promise<object> {
    const isLast = ++this.messages === this.#stopsAt;
    if (isLast && !isDelivered) this.#stop();
    if (this.#gone.has(from)) return new Promise(() => {});
    const gone = this.#gone.get(to);
    if (gone === 'dead') throw new StepFailed('gone', true);
    if (gone === 'cut') throw new StepFailed('silent');
    const answer = await this.#all.get(to)!.participant.onMessage(message);
    if (isLast && isDelivered) this.#stop();
    return this.#gone.has(from) ? new Promise(() => {}) : answer;
  }

  /** Clients must never see the old view at one node and the new one at another. */
  #check(): void {
    const alive = [...this.#all].filter(([address]) => this.#gone.get(address) !== 'dead');
    const open = alive.filter(
      ([address, { view }]) => this.#admitted.get(address) !== 'none' && view !== WAITING,
    );
    const views = new Set(open.map(([, { view }]) => nameOf(view)));
    if (views.size > 1) this.splits.push(this.seen().join(', '));
  }
}

/** A node that has left serves in the new view as well: it has no keys there. */
function nameOf({ id }: ServedView): string {
  return id.replace('-left', '');
}

/** A caller waits no longer for an answer. */
function silentFor(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new StepFailed('silent')), ms);
  });
}

const NO_ENTRIES = { keyCount: () => 0, keyPage: () => ({ entries: [], cursor: null }) };

describe('a view change of which one node stops', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const run = async (stopped: string, stop: Stop, at: number, isDelivered: boolean) => {
    const nodes = new Nodes(stopped, stop, at, isDelivered);
    await nodes.change();
    return nodes;
  };

  it('is carried out when none does', async () => {
    const nodes = await run('a', 'dead', Infinity, true);
    expect(nodes.seen()).toEqual(['all of new', 'all of new', 'all of new']);
    expect(nodes.messages).toBeGreaterThan(10);
    nodes.close();
  });

  const stops: readonly [string, Stop][] = ['a', 'b', 'c'].flatMap((node) => [
    [node, 'dead'],
    [node, 'cut'],
  ]);

  it.each(stops)(
    '%s is %s, at each message, before it arrives and after: one view alone is served',
    async (stopped, stop) => {
      const ends = new Set<string>();
      for (const isDelivered of [false, true])
        for (let at = 1; at <= 24; at++) {
          const nodes = await run(stopped, stop, at, isDelivered);
          expect([at, isDelivered, nodes.splits]).toEqual([at, isDelivered, []]);
          if (stop === 'cut') nodes.heal();
          await vi.advanceTimersByTimeAsync(30_000);
          expect([at, isDelivered, nodes.splits]).toEqual([at, isDelivered, []]);
          // Whoever is alive serves in the end: nothing is held for ever.
          for (const seen of nodes.seen())
            expect([at, isDelivered, seen.split(' ')[0]]).toEqual([at, isDelivered, 'all']);
          ends.add(nodes.seen().includes('all of new') ? 'new' : 'old');
          nodes.close();
        }
      expect([...ends].sort()).toEqual(['new', 'old']);
    },
  );
});
