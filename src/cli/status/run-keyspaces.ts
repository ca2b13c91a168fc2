import { setTimeout as sleep } from 'node:timers/promises';
import {
  GOES_ON,
  inOneWord,
  moveInWords,
  movePartInWords,
  renderLevels,
} from '../../controller/status/levels-report.ts';
import type { LevelsStatus } from '../../controller/status/status.ts';
import { wantedKeyspace } from '../../protocol/text-words.ts';
import type { CliSession } from '../client/cli-session.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_FAILED, EXIT_OK, OperationError } from '../failure.ts';
import type { ResolvedSettings } from '../settings/configuration.ts';
import { ask, print, sessionOf, tell, textOf } from './admin-session.ts';

/** How long every controller may take to learn of a change, unless `--wait` says otherwise, in milliseconds. */
const KNOWN_WITHIN_MS = 30_000;

const LOOK_EVERY_MS = 250;

/** After these the change is as far from its end as before. */
const PASSING: readonly string[] = ['pause', 'resume'];

/**
 * Lists the keyspaces with their levels; or changes one of them, and waits until every controller goes by that.
 *
 * @returns the exit code
 */
export async function runKeyspaces(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): Promise<number> {
  const session = await sessionOf(line, configuration, runDirectory);
  try {
    if (line.change.length === 0) return print(levelsText(await levelsAt(session), line.json));
    const reply = await ask(session, `keyspace ${line.change.join(' ')}`, true);
    const text = textOf(reply);
    if (reply.failed) throw new OperationError('NOT_CHANGED', text);
    if (!line.json) print(text);
    if (PASSING.includes(wantedKeyspace(line.change)!.what))
      return line.json ? print(JSON.stringify(await levelsAt(session))) : EXIT_OK;
    const levels = await untilKnown(session, line.waitMs ?? KNOWN_WITHIN_MS);
    if (line.json) print(JSON.stringify(levels));
    else if (text.endsWith(GOES_ON) && levels.move === null) print(heldOf(line, levels));
    return waitingFor(levels) === '' ? EXIT_OK : EXIT_FAILED;
  } finally {
    session.close();
  }
}

/** What holds of the keyspace once its change is over, which somebody may have cancelled meanwhile. */
function heldOf({ change }: CommandLine, { keyspaces }: LevelsStatus): string {
  const { keyspace: name, what } = wantedKeyspace(change)!;
  if (what === 'shards' || what === 'move' || what === 'rebalance')
    return `done: no key of ${name} moves any more; main.ts status lists the shards`;
  const held = keyspaces.find((keyspace) => keyspace.name === name);
  if (held === undefined) return `done: there is no keyspace ${name}`;
  const prefix = held.prefix === '' ? '' : `, with the prefix ${held.prefix}`;
  return `done: ${name} is at ${inOneWord(held)}${prefix}`;
}

/**
 * Waits until no keyspace is being moved and no controller may go by older levels, or the time is over, or the user
 * interrupts.
 */
async function untilKnown(session: CliSession, waitMs: number): Promise<LevelsStatus> {
  const untilMs = performance.now() + waitMs;
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  let told = '';
  for (;;) {
    const levels = await levelsAt(session);
    const text = waitingFor(levels);
    if (text === '') return levels;
    if (text !== told) tell(text);
    told = text;
    const isOver = await sleep(LOOK_EVERY_MS, false, { signal: interrupted.signal }).catch(() => true);
    if (!isOver && performance.now() < untilMs) continue;
    tell(
      levels.move === null
        ? 'the others go by the change'
        : 'the change goes on; main.ts keyspace tells how far it is',
    );
    return levels;
  }
}

/** What a change waits for, in one line; empty when it is done. */
function waitingFor({ move, unaware }: LevelsStatus): string {
  if (move !== null) return `${moveInWords(move)}; ${move.controllers.map(movePartInWords).join('; ')}`;
  return unaware.length === 0 ? '' : `waiting for ${unaware.join(', ')}, which may not know the change yet`;
}

async function levelsAt(session: CliSession): Promise<LevelsStatus> {
  const reply = await ask(session, 'keyspace json', false);
  if (reply.failed)
    throw new OperationError('NOT_RUNNING', `no keyspaces there: it answers "${textOf(reply)}"`);
  return JSON.parse(reply.parts[0]!.toString('utf8')) as LevelsStatus;
}

function levelsText(levels: LevelsStatus, isJson: boolean): string {
  return isJson ? JSON.stringify(levels) : renderLevels(levels);
}
