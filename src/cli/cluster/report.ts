import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Address } from '../../controller/settings.ts';
import { renderStatus } from '../../controller/status/status-table.ts';
import { statusAt } from '../client/controller-at.ts';
import { PROJECT_DIRECTORY } from '../locations.ts';
import { formatAddress } from '../settings/address.ts';
import type { LogPart, RunRecord } from './run-record.ts';

/** How many lines of each log are shown when a controller does not become ready. */
const TAIL_LINES = 8;

/** Prints the cluster as the first controller that runs sees it. */
export async function printCluster(record: RunRecord): Promise<void> {
  const [first] = addressesIn(record);
  const status = await statusAt(first!);
  const table =
    status === null ? `the controller on ${formatAddress(first!)} does not answer` : renderStatus(status);
  process.stdout.write(`\n${table}\n\n`);
}

/** The commands that a user probably wants next, ready to be copied. */
export function nextSteps(record: RunRecord, directory: string): string {
  const addresses = addressesIn(record);
  const first = addresses[0]!;
  const other = addresses[1] ?? first;
  const client = `node ${fromHere('main.ts')} -cli -i ${other.host} -p ${other.port}`;
  const elsewhere = process.env.MEMCHORUS_RUN_DIR ? `MEMCHORUS_RUN_DIR=${quoted(directory)} ` : '';
  return [
    'Write on one controller, read on another:',
    `  printf 'set greeting 0 0 5\\r\\nhello\\r\\nquit\\r\\n' | nc ${first.host} ${first.port}`,
    `  ${client} get greeting`,
    `The interactive client:  ${client}`,
    `Logs:                    ${nearPath(directory)}`,
    `Stop it:                 ${elsewhere}${fromHere('stop.sh')}`,
    '',
  ].join('\n');
}

/** Where controllers run; those of `peers` where none is known to run. */
function addressesIn({ controllers, peers }: RunRecord): readonly Address[] {
  return controllers.length > 0 ? controllers.map(({ address }) => address) : peers;
}

function fromHere(file: string): string {
  const path = nearPath(join(PROJECT_DIRECTORY, file));
  return quoted(file.endsWith('.sh') && !path.includes('/') ? `./${path}` : path);
}

/** The path relative to the current directory if it is below that, else the whole path. */
export function nearPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}

/** Quotes the path for a shell if necessary. */
export function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** The last lines of the logs that have any, indented. */
export function tailOf(logs: readonly LogPart[]): string {
  const lines = logs.flatMap((log) => linesOf(log).slice(-TAIL_LINES));
  return lines.length === 0 ? '  (empty)' : lines.map((line) => `  ${line}`).join('\n');
}

function linesOf({ file, from }: LogPart): string[] {
  try {
    return readFileSync(file)
      .subarray(from)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
