import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { OperationError, reasonOf, systemCodeOf, UsageError } from '../failure.ts';
import { formatAddress } from './address.ts';
import type { ResolvedSettings } from './configuration.ts';

/** Holds the secret itself. It is no flag, since everybody on a machine can read the flags of a process. */
const VARIABLE = 'MEMCHORUS_CLUSTER_SECRET';

/** In the run directory: what `start` makes where there is no other secret. */
const OWN_FILE = 'cluster-secret';

/** A shorter one could be guessed by trying. */
const LENGTH_MIN = 16;
const LENGTH_MAX = 4_096;

type SecretPlace = Pick<ResolvedSettings, 'secretFile'>;

/**
 * The cluster's secret: from the file that the settings name, else from the environment, else the one that `start`
 * has made there, so that a controller that is started by hand is a peer of those; null when there is none.
 *
 * @param directory where a relative name starts
 * @throws UsageError
 */
export function readSecret(
  { secretFile }: SecretPlace,
  environment: NodeJS.ProcessEnv,
  directory: string,
): Buffer | null {
  const text = environment[VARIABLE];
  if (secretFile !== '') return secretIn(resolve(directory, secretFile));
  if (text !== undefined && text !== '') return checked(text, VARIABLE);
  const own = join(directory, OWN_FILE);
  return existsSync(own) ? secretIn(own) : null;
}

/** Without a secret, peers are taken from loopback only: elsewhere they could never meet. @throws UsageError */
export function requireSecretFor(peers: readonly Address[], secret: Buffer | null): void {
  if (secret !== null) return;
  const reachable = peers.find(({ host }) => !isLoopback(host));
  if (reachable === undefined) return;
  throw new UsageError(
    'CLUSTER_SECRET',
    `peers has ${formatAddress(reachable)}, which is not on loopback, and there is no cluster secret: any program ` +
      'that reaches that port could act as a controller. Make one (openssl rand -hex 32 > FILE; chmod 600 FILE), and ' +
      `give it to every controller with cluster_secret = FILE, or its content in ${VARIABLE}`,
  );
}

/**
 * The file that the controllers of a start have to be told of, made when there is none yet; null when the settings or
 * the environment tell them of a secret already.
 */
export function secretFileFor(
  { secretFile }: SecretPlace,
  environment: NodeJS.ProcessEnv,
  directory: string,
): string | null {
  if (secretFile !== '' || environment[VARIABLE]) return null;
  const file = resolve(join(directory, OWN_FILE));
  makeSecret(file);
  return file;
}

/** Whole or not at all, and never in the place of one that is there. */
function makeSecret(file: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
    linkSync(draft, file);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return;
    throw new OperationError(
      'CLUSTER_SECRET',
      `cannot write the cluster secret ${file}: ${reasonOf(error)}`,
      { cause: error },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

function secretIn(file: string): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    throw new UsageError(
      'CLUSTER_SECRET',
      `cannot read the cluster secret ${file}: ${reasonOf(error)}; correct cluster_secret`,
      {
        cause: error,
      },
    );
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) {
      const rights = (mode & 0o777).toString(8);
      throw new UsageError(
        'CLUSTER_SECRET',
        `others than its owner may use the cluster secret ${file} (mode ${rights}): chmod 600 ${file}`,
      );
    }
    if (size > LENGTH_MAX)
      throw new UsageError(
        'CLUSTER_SECRET',
        `${file} is too large for a cluster secret; correct cluster_secret`,
      );
    return checked(readFileSync(descriptor, 'utf8'), file);
  } finally {
    closeSync(descriptor);
  }
}

/** White space around it does not count: an editor ends a file with a new line. */
function checked(text: string, origin: string): Buffer {
  const secret = text.trim();
  if (secret.length >= LENGTH_MIN && secret.length <= LENGTH_MAX) return Buffer.from(secret);
  throw new UsageError(
    'CLUSTER_SECRET',
    `the cluster secret in ${origin} has ${secret.length} characters; give at least ${LENGTH_MIN}, such as openssl rand -hex 32 makes`,
  );
}
