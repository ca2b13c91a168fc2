import type { SimCluster } from './sim-cluster.ts';

/** What may go wrong in a run, and how often at the most, in faults per virtual second. */
export interface FaultRates {
  readonly linkBreaks: number;
  readonly cuts: number;
  readonly kills: number;
  readonly pauses: number;
  readonly storeOutages: number;
  readonly emptiedStores: number;
  readonly clockJumps: number;
}

export const NO_FAULTS: FaultRates = {
  linkBreaks: 0,
  cuts: 0,
  kills: 0,
  pauses: 0,
  storeOutages: 0,
  emptiedStores: 0,
  clockJumps: 0,
};

/** Injects faults at random, each healed after a while, until it is stopped. */
export class Faults {
  readonly #cluster: SimCluster;
  #stopped = false;
  readonly counts: Record<keyof FaultRates, number> = { ...NO_FAULTS };

  constructor(cluster: SimCluster, rates: FaultRates) {
    this.#cluster = cluster;
    for (const kind of Object.keys(rates) as (keyof FaultRates)[]) this.#schedule(kind, rates[kind]);
  }

  stop(): void {
    this.#stopped = true;
  }

  #schedule(kind: keyof FaultRates, perSecond: number): void {
    if (perSecond === 0) return;
    const { scheduler, random } = this.#cluster;
    const waitMs = (-Math.log(1 - random.next()) * 1000) / perSecond;
    scheduler.after(waitMs, () => {
      if (this.#stopped) return;
      this.counts[kind]++;
      this.#inject(kind);
      this.#schedule(kind, perSecond);
    });
  }

  #inject(kind: keyof FaultRates): void {
    const { random, scheduler, network, nodes } = this.#cluster;
    const node = random.pick(nodes);
    const other = random.pick(nodes.filter((candidate) => candidate !== node));
    switch (kind) {
      case 'linkBreaks':
        return network.break(node.id, other.id);
      case 'cuts':
        network.cut(node.id, other.id);
        return scheduler.after(random.between(50, 1_500), () => network.heal(node.id, other.id));
      case 'kills':
        // Memory is all there is: the next may lose it only when the last has been brought up again.
        if (nodes.some((candidate) => !candidate.ready)) return;
        node.kill();
        return scheduler.after(random.between(20, 1_500), () => node.start());
      case 'pauses':
        if (node.core === null) return;
        node.pause();
        return scheduler.after(random.between(20, 1_000), () => node.resume());
      case 'storeOutages':
        node.store.setMode('down');
        return scheduler.after(random.between(20, 800), () => node.store.setMode('up'));
      case 'emptiedStores':
        // Always the same: values that every store has lost are lost.
        if (nodes.every((candidate) => candidate.ready)) nodes[0]!.store.empty();
        return;
      case 'clockJumps':
        // Two clocks stay within max_clock_skew of each other: beyond it a peer is refused, and rightly so.
        node.clock.skewMs = random.between(-4_000, 4_000);
        return;
    }
  }
}
