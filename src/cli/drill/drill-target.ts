import { parseAddress } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import type { KeyspaceStatus, Status } from '../../controller/status/status.ts';
import { DURABILITIES, type Durability } from '../../journal/durability.ts';
import { Keyspaces } from '../../placement/keyspaces.ts';
import { isLevel, type Level } from '../../placement/level.ts';
import { DEFAULT_KEYSPACE } from '../../placement/placement.ts';
import { obstacleOf } from '../cluster/readiness.ts';
import { OperationError, UsageError } from '../failure.ts';
import { askCluster } from '../status/ask-cluster.ts';
import { didYouMean } from '../suggestion.ts';

/** The cluster and the keyspace that a drill is about. */
export interface DrillTarget {
  readonly cluster: string;
  /** Of every controller, in the order of the ids. */
  readonly addresses: readonly Address[];
  readonly keyspace: DrillKeyspace;
  /** All of the cluster, the one that the drill is about included. */
  readonly keyspaces: readonly DrillKeyspace[];
  /** The weakest of all controllers. */
  readonly durability: Durability;
}

export interface DrillKeyspace {
  readonly name: string;
  readonly prefix: string;
  readonly level: Level;
}

/**
 * Asks the cluster what it is.
 *
 * @param asked addresses of some of its controllers, or of all
 * @throws OperationError when it is not ready as a whole: a drill begins with a cluster in which all is well
 * @throws UsageError when it has no such keyspace
 */
export async function findTarget(asked: readonly Address[], name: string | null): Promise<DrillTarget> {
  const answers = await askCluster(asked);
  if (answers.every(({ status }) => status === null)) {
    const reasons = answers.map(({ address, reason }) => `${address}: ${reason}`).join('; ');
    throw new OperationError('UNREACHABLE', `no controller answers: ${reasons}`);
  }
  const ids = [...answers.keys()];
  for (const { address, status } of answers) {
    const obstacle = obstacleOf(status, ids);
    if (obstacle !== null)
      throw new OperationError(
        'NOT_READY',
        `a drill begins when all is well, but ${address} is not ready: ${obstacle}; see main.ts status`,
      );
  }
  const statuses = answers.map(({ status }) => status!);
  const keyspaces = keyspacesIn(statuses[0]!);
  return {
    cluster: statuses[0]!.cluster,
    addresses: answers.map(({ address }) => parseAddress(address)!),
    keyspace: keyspaceNamed(keyspaces, name ?? DEFAULT_KEYSPACE),
    keyspaces,
    durability: weakest(statuses.map(({ journal }) => journal.durability)),
  };
}

/** Waits for nothing. @returns why the cluster is not whole, in words; null when it is */
export async function troubleOf({ addresses }: Pick<DrillTarget, 'addresses'>): Promise<string | null> {
  const ids = [...addresses.keys()];
  for (const { address, status } of await askCluster(addresses)) {
    const obstacle = obstacleOf(status, ids);
    if (obstacle !== null) return `${address} is not ready: ${obstacle}`;
  }
  return null;
}

/** The prefix of all keys of one drill. @throws UsageError when such keys would belong to another keyspace */
export function keyPrefixFor(
  { keyspace, keyspaces }: Pick<DrillTarget, 'keyspace' | 'keyspaces'>,
  name: string,
): string {
  const prefix = `${keyspace.prefix}memchorus-drill-${name}-`;
  const owner = new Keyspaces(keyspaces).of(prefix);
  if (owner.name === keyspace.name) return prefix;
  throw new UsageError(
    'NO_SUCH_KEYSPACE',
    `keys that begin with ${prefix} belong to the keyspace ${owner.name}, not to ${keyspace.name}`,
  );
}

/** Release 0.2.0 has no keyspaces: there the level of the cluster is that of all keys. */
function keyspacesIn({ level, keyspaces }: Pick<Status, 'level' | 'keyspaces'>): DrillKeyspace[] {
  const all: Pick<KeyspaceStatus, 'name' | 'prefix' | 'level'>[] = [...keyspaces];
  if (all.length === 0) all.push({ name: DEFAULT_KEYSPACE, prefix: '', level });
  return all.map(({ name, prefix, level: word }) => {
    if (isLevel(word)) return { name, prefix, level: word };
    throw new OperationError('REQUEST_FAILED', `the cluster names a level that is unknown here: ${word}`);
  });
}

function keyspaceNamed(keyspaces: readonly DrillKeyspace[], name: string): DrillKeyspace {
  const found = keyspaces.find((keyspace) => keyspace.name === name);
  if (found !== undefined) return found;
  const names = keyspaces.map((keyspace) => keyspace.name);
  throw new UsageError(
    'NO_SUCH_KEYSPACE',
    `there is no keyspace "${name}"${didYouMean(name, names)}: the cluster has ${names.join(', ')}`,
  );
}

function weakest(words: readonly string[]): Durability {
  return DURABILITIES.find((durability) => words.includes(durability)) ?? 'none';
}
