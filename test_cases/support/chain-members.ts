import { MemoryJournal } from '../../src/journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../src/journal/recovered-state.ts';
import type { View } from '../../src/membership/view.ts';
import { HybridClock } from '../../src/ordering/hybrid-clock.ts';
import { Chain } from '../../src/replication/chain/chain.ts';
import type { AgreementMessage } from '../../src/replication/ordered/agreement-messages.ts';
import { RequestOrder } from '../../src/replication/ordered/request-order.ts';
import { Replica } from '../../src/replication/replica.ts';
import type { WriteOutcome } from '../../src/replication/scheme.ts';
import type { Entry } from '../../src/store/entry.ts';
import type { EntryStore } from '../../src/store/entry-store.ts';
import { HotEntries } from '../../src/store/hot-entries.ts';
import { decidingPorts } from './deciding-ports.ts';
import { setOf } from './effects.ts';

const NODES = 3;
export const NO_VERSION = { time: 0, node: 0 };

const draft = (key: string) => setOf(key, NO_VERSION, { value: Buffer.from('v') });

export const view = (counter: number, nodes: readonly number[] = [0, 1, 2]): View => ({
  ballot: { counter, node: 0 },
  members: nodes.map((node) => ({ node, incarnation: 1 })),
  reason: '',
  placement: null,
  configuration: null,
});

const storeIn = (values: Map<string, string>) =>
  ({
    state: { up: true, itemBytesMax: null },
    set: (key: string, entry: Entry, done: (error: null) => void) => {
      values.set(key, `${entry.value}`);
      done(null);
    },
    delete: (key: string, done: (error: null) => void) => {
      values.delete(key);
      done(null);
    },
  }) as unknown as EntryStore;

/** A message on its way. */
export interface Mail {
  readonly from: number;
  readonly to: number;
  readonly message: AgreementMessage;
}

/** Three members of a chain, and the messages between them, which arrive when the test says so. */
export class ChainMembers {
  readonly mail: Mail[] = [];
  readonly refused: string[] = [];
  /** The members that have cluster time. */
  readonly timed = new Set([0, 1, 2]);
  /** What each member has stored. */
  readonly stored = Array.from({ length: NODES }, () => new Map<string, string>());
  readonly orders = Array.from({ length: NODES }, (_, node) => this.#order(node));

  constructor() {
    this.enter(1);
  }

  enter(counter: number, nodes: readonly number[] = [0, 1, 2]): void {
    const union = nodes.flatMap((node) => this.orders[node]!.queued());
    const once = union.filter(
      (effect, i) => union.findIndex((other) => other.version.time === effect.version.time) === i,
    );
    for (const node of nodes) this.orders[node]!.freeze();
    this.mail.length = 0;
    for (const node of nodes) this.orders[node]!.adopt(view(counter, nodes), once, null, () => {});
    for (const node of nodes) this.orders[node]!.install();
  }

  write(node: number, key: string): WriteOutcome[] {
    const outcomes: WriteOutcome[] = [];
    this.orders[node]!.write(draft(key), (outcome) => outcomes.push(outcome));
    return outcomes;
  }

  /** Delivers until nothing is on its way, at most so many messages. */
  run(most = Number.POSITIVE_INFINITY, onMail: (mail: Mail) => void = () => {}): void {
    for (let delivered = 0; delivered < most; delivered++) {
      for (const order of this.orders) order.flush();
      const next = this.mail.shift();
      if (next === undefined) return;
      onMail(next);
      this.orders[next.to]!.onMessage(next.from, next.message);
    }
  }

  /** What each member has applied. */
  get applied(): number[] {
    return this.orders.map((order) => order.completed);
  }

  #order(node: number): RequestOrder {
    const send = (to: number, message: AgreementMessage): void => {
      this.mail.push({ from: node, to, message });
    };
    const store = storeIn(this.stored[node]!);
    const replica = new Replica(new MemoryJournal(), store, new HotEntries(0), Date.now);
    return new RequestOrder(
      {
        node,
        clock: { nowMs: () => 0, wallMs: () => 0 },
        versions: new HybridClock(node, () => 0),
        bus: {
          isUp: () => true,
          send,
          sendTo: (peers, message) => {
            for (const to of peers) send(to, message);
          },
          sendToAll: () => {},
        },
        replica,
        ...decidingPorts(replica, store),
        isTimed: () => this.timed.has(node),
        refuse: (peer, reason) => this.refused.push(`${peer}: ${reason}`),
        requestFlush() {},
        onChange() {},
        isEnding: () => false,
        queueBytesMax: 1_000_000,
        recovered: NOTHING_RECOVERED,
        hasEntries: true,
        durability: 'async',
        recordedKnown: () => [0, 0, 0],
      },
      (ports) => new Chain(ports),
    );
  }
}
