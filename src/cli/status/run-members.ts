import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../base/address-text.ts';
import { renderMembers } from '../../controller/status/members-report.ts';
import type { MembersStatus } from '../../controller/status/status.ts';
import type { CliSession } from '../client/cli-session.ts';
import { isNotDone } from '../client/reply-words.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_FAILED, EXIT_OK, OperationError } from '../failure.ts';
import { sameAddress } from '../settings/address.ts';
import type { ResolvedSettings } from '../settings/configuration.ts';
import { ask, print, sessionOf, tell, textOf } from './admin-session.ts';
import { runForced } from './run-forced.ts';

/** How long the change may take to be over, unless `--wait` says otherwise, in milliseconds. */
const DONE_WITHIN_MS = 30_000;

const LOOK_EVERY_MS = 100;

/** What the command waits for is told after so many milliseconds. */
const TOLD_AFTER_MS = 2_000;

/**
 * Lists the controllers and which of them vote; or changes that, and waits until another change may follow.
 *
 * @returns the exit code
 */
export async function runMembers(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): Promise<number> {
  // A controller does not remove itself.
  const going = line.change[0] === 'add' ? null : (line.change[1] ?? null);
  const session = await sessionOf(line, configuration, runDirectory, going);
  try {
    if (line.change.length === 0) {
      const members = await membersAt(session);
      return print(line.json ? JSON.stringify(members) : renderMembers(members));
    }
    if (line.change.at(-1) === 'force')
      return await runForced(session, `member ${line.change.join(' ')}`, line.isSure);
    const untilMs = performance.now() + (line.waitMs ?? DONE_WITHIN_MS);
    const command = `member ${line.change.join(' ')}`;
    const [what, first, second] = line.change;
    const coming = what === 'remove' ? null : (what === 'add' ? first : second)!;
    let members: MembersStatus;
    do {
      const text = await change(session, command, untilMs);
      if (!line.json) print(text);
      members = await untilDone(session, untilMs);
      // A controller that the cluster did not know has joined. Asked again, it votes as soon as it can.
    } while (coming !== null && isWaiting(coming, members));
    if (line.json) print(JSON.stringify(members));
    return members.changing ? EXIT_FAILED : EXIT_OK;
  } finally {
    session.close();
  }
}

/**
 * What cannot be done at this moment is asked for again until the time is over: a controller that comes may have to
 * catch up first. What may have been done is not.
 */
async function change(session: CliSession, command: string, untilMs: number): Promise<string> {
  const tellAtMs = performance.now() + TOLD_AFTER_MS;
  let isTold = false;
  for (;;) {
    const reply = await ask(session, command, true);
    const text = textOf(reply);
    if (!reply.failed) return text;
    if (!isNotDone(text) || performance.now() >= untilMs) throw new OperationError('NOT_CHANGED', text);
    if (!isTold && performance.now() >= tellAtMs) {
      isTold = true;
      tell(`waits, since it gets ${text}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** Waits until no change is under way, or the time is over. */
async function untilDone(session: CliSession, untilMs: number): Promise<MembersStatus> {
  for (;;) {
    const members = await membersAt(session);
    if (!members.changing) return members;
    if (performance.now() >= untilMs) {
      tell('the change holds, and its last step goes on; main.ts member tells when it is over');
      return members;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** The controller has joined, and does not vote yet. */
function isWaiting(coming: string, { controllers }: MembersStatus): boolean {
  const address = parseAddress(coming);
  const isIt = (one: { readonly address: string }) => {
    const other = parseAddress(one.address);
    return address !== null && other !== null && sameAddress(address, other);
  };
  return controllers.some((one) => isIt(one) && !one.votes && one.role === 'joining');
}

async function membersAt(session: CliSession): Promise<MembersStatus> {
  const reply = await ask(session, 'member json', false);
  if (reply.failed)
    throw new OperationError('NOT_RUNNING', `no controllers listed there: it answers "${textOf(reply)}"`);
  return JSON.parse(reply.parts[0]!.toString('utf8')) as MembersStatus;
}
