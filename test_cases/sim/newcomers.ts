import { type Configuration, idsOf } from '../../src/placement/configuration.ts';
import type { SimCluster } from './sim-cluster.ts';

/** How long a machine takes to start once it finds itself in the configuration, in virtual milliseconds. */
const STARTS_WITHIN_MS = [1, 400] as const;

/** Starts controllers that join as soon as they are in an installed configuration, and takes out those that are dropped. */
export class Newcomers {
  readonly #cluster: SimCluster;
  /** The addresses of all controllers that ever were in an installed configuration, by their ids. */
  readonly #ports = new Map<number, number>();
  #newest = 0;
  /** The controllers of the newest configuration that was seen installed. */
  #stay: readonly number[] = [];
  #starting = 0;
  /** What is wrong with an installed configuration, in words; null when there is nothing. */
  violation: string | null = null;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  get areStarting(): boolean {
    return this.#starting > 0;
  }

  /** Some controller serves in a view with this configuration and these members. */
  onInstalled(configuration: Configuration, members: readonly number[]): void {
    for (const { id, port, phase } of configuration.controllers) {
      const before = this.#ports.get(id);
      if (before !== undefined && before !== port)
        this.violation = `id ${id} is given to ${before} and ${port}`;
      if (phase !== undefined && members.includes(id)) this.violation = `n${id} is a member, and is ${phase}`;
      if (before === undefined && id >= this.#founders) this.#start(id, configuration);
      this.#ports.set(id, port);
    }
    if (configuration.epoch! <= this.#newest) return;
    this.#newest = configuration.epoch!;
    this.#stay = idsOf(configuration);
    for (const node of this.#cluster.nodes.filter(({ id }) => !this.#stay.includes(id)))
      this.#cluster.drop(node);
  }

  get #founders(): number {
    return this.#cluster.founders;
  }

  #start(id: number, configuration: Configuration): void {
    const { scheduler, random } = this.#cluster;
    this.#starting++;
    scheduler.after(random.fork(`start of ${id}`).between(...STARTS_WITHIN_MS), () => {
      this.#starting--;
      const node = this.#cluster.admit(id, configuration);
      if (!this.#stay.includes(id)) this.#cluster.drop(node);
    });
  }
}
