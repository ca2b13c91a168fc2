import type { Address } from '../../controller/settings.ts';
import { clusterProcessesOf, idOf, nameOfController } from '../cluster/cluster-processes.ts';
import { type ClusterProcess, loadRunRecord, type RunRecord } from '../cluster/run-record.ts';
import { RunUnderWay } from '../cluster/run-under-way.ts';
import { startMissingStores } from '../cluster/start-missing.ts';
import { systemCodeOf } from '../failure.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';

/** A cluster whose processes `start` has started on this machine, so that a drill can end them and start them again. */
export class LocalCluster {
  readonly #run: RunUnderWay;

  private constructor(run: RunUnderWay) {
    this.#run = run;
  }

  /** @returns why this cluster's processes are out of reach, where they are */
  static async of(directory: string, addresses: readonly Address[]): Promise<LocalCluster | string> {
    const record = loadRunRecord(directory);
    if (record === null) return `no cluster was started from ${directory} by startup.sh`;
    const isSame =
      record.peers.length === addresses.length &&
      record.peers.every((peer, id) => sameAddress(peer, addresses[id]!));
    if (!isSame) return `the cluster that was started from ${directory} is another one`;
    const { controllers, byHand, missing } = await clusterProcessesOf(record);
    const [absent] = missing;
    if (absent !== undefined) return `${nameOfController(absent)} does not run on this machine`;
    const [foreign] = byHand;
    if (foreign !== undefined)
      return `${foreign.name} (pid ${foreign.pid}) was started by hand, and could not be started again the same way`;
    const forbidden = [...controllers, ...record.memcacheds].find(({ pid }) => !isOwn(pid));
    if (forbidden !== undefined)
      return `${forbidden.name} (pid ${forbidden.pid}) belongs to another user: run the drill as that user, or as root`;
    return new LocalCluster(new RunUnderWay(directory, record));
  }

  get #record(): RunRecord {
    return this.#run.record;
  }

  get ids(): readonly number[] {
    return [...this.#record.peers.keys()];
  }

  /** The ports on which its controllers take links from each other. */
  get linkPorts(): readonly number[] {
    return this.#record.peers.map(({ port }) => port);
  }

  /** Why its stores are out of reach; empty when they are not. */
  get storeObstacle(): string {
    const { plan, memcacheds, peers } = this.#record;
    if (plan.kind === 'embedded') return 'the values are in the controllers themselves';
    const silent = peers.keys().find((id) => !memcacheds.some((member) => idOf(member) === id));
    if (silent === undefined) return '';
    return `startup.sh has not started the memcached on ${formatAddress(plan.stores[silent]!)} as a program`;
  }

  controller(id: number): ClusterProcess {
    return memberOf(this.#record.controllers, id);
  }

  memcached(id: number): ClusterProcess {
    return memberOf(this.#record.memcacheds, id);
  }

  /** Starts a controller that has ended, with the words of its first start. @throws OperationError */
  startController(id: number): Promise<ClusterProcess> {
    return this.#run.startController(id);
  }

  /** Starts the memcached of a controller, if nothing listens on its address. @throws OperationError */
  async startMemcached(id: number): Promise<ClusterProcess> {
    await startMissingStores(this.#run, [id], new AbortController().signal);
    return this.memcached(id);
  }
}

function memberOf(members: readonly ClusterProcess[], id: number): ClusterProcess {
  return members.find((member) => idOf(member) === id)!;
}

/** Whether this process may send signals to that one. One that has ended is found to be missing elsewhere. */
function isOwn(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) !== 'EPERM';
  }
}
