import { counted } from '../../controller/text-table.ts';
import { EXIT_FAILED, EXIT_OK } from '../failure.ts';
import { composeStop } from './docker.ts';
import { type StopOutcome, stopProcess } from './processes.ts';
import { loadRunRecord, type Member, type RunRecord, removeRunRecord, withRunLock } from './run-record.ts';

/** How long a process may take to finish what it has begun, in milliseconds. */
const GRACE_MS = 10_000;

/** Stops exactly what `start` started. @returns the exit code */
export function stopCluster(directory: string): Promise<number> {
  return withRunLock(directory, async () => {
    const record = loadRunRecord(directory);
    if (record === null) {
      process.stdout.write('nothing is running\n');
      return EXIT_OK;
    }
    return (await stopRecorded(directory, record)) ? EXIT_OK : EXIT_FAILED;
  });
}

/**
 * Controllers go first, and all at once: each answers what it was asked, for which it still needs its store.
 *
 * @returns true when nothing is left; what is left stays on record
 */
export async function stopRecorded(directory: string, record: RunRecord): Promise<boolean> {
  const controllers = await stopAll(record.controllers);
  report('controller', record.controllers, controllers);
  const memcacheds = await stopAll(record.memcacheds);
  report('memcached', record.memcacheds, memcacheds);
  const containers = record.composeProject === null || (await stopContainers(record.composeProject));
  const gone = containers && ![...controllers, ...memcacheds].includes('still there');
  if (gone) removeRunRecord(directory);
  return gone;
}

function stopAll(members: readonly Member[]): Promise<StopOutcome[]> {
  return Promise.all(members.map((member) => stopProcess(member, GRACE_MS)));
}

function report(kind: string, members: readonly Member[], outcomes: readonly StopOutcome[]): void {
  const stopped = outcomes.filter((outcome) => outcome === 'stopped').length;
  if (stopped > 0) process.stdout.write(`stopped ${counted(stopped, kind)}\n`);
  members.forEach((member, index) => {
    const words = UNUSUAL[outcomes[index]!];
    if (words !== null) process.stdout.write(`${member.name} (pid ${member.pid}) ${words}\n`);
  });
}

const UNUSUAL: Readonly<Record<StopOutcome, string | null>> = {
  stopped: null,
  killed: `did not end within ${GRACE_MS / 1000} s and was killed`,
  'was gone': 'was not running any more',
  'still there': 'could not be killed; see ps, and run stop again',
};

async function stopContainers(project: string): Promise<boolean> {
  const stopped = await composeStop(project);
  const failed = `the containers could not be stopped: docker compose -p ${project} stop\n`;
  process.stdout.write(stopped ? 'stopped the memcached containers\n' : failed);
  return stopped;
}
