import type { ChangeOutcome } from '../../membership/placement-change.ts';
import { withLevel } from '../../placement/agreed-placement.ts';
import { isLevel, LEVELS, type Level } from '../../placement/level.ts';
import { clientError, failed, type Reply, serverError } from '../../protocol/reply.ts';
import type { KeyspaceRequest } from '../../protocol/request.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { inOneGroup } from '../levels.ts';
import { nameOf } from '../settings.ts';
import { levelsOf, renderLevels } from '../status/levels-report.ts';
import type { OnAdminReply } from './store-administration.ts';

type LevelParts = Pick<ControllerParts, 'core' | 'settings' | 'clock'>;

/** A change that a client has asked for. */
interface Asked {
  readonly keyspace: string;
  readonly from: Level;
  readonly to: Level;
}

/**
 * Answers `keyspace`: lists the levels of the keyspaces, or has the controllers agree on another level for one
 * of them.
 */
export function replyToKeyspace(parts: LevelParts, request: KeyspaceRequest, answer: OnAdminReply): void {
  const levels = levelsOf(parts);
  if (request.change === null) {
    return answer(linesOf(request.format === 'json' ? JSON.stringify(levels) : renderLevels(levels)));
  }
  const { keyspace, level } = request.change;
  const known = parts.core.levels.configured.find(({ name }) => name === keyspace);
  if (known === undefined)
    return answer(clientError(`there is no keyspace ${keyspace}; keyspace lists them`));
  if (!isLevel(level)) return answer(clientError(`${level} is no level: say ${LEVELS.join(', ')}`));
  const from = parts.core.levels.levelIn(parts.core.groups.views.placement, keyspace);
  if (from === level) return answer(linesOf(`${keyspace} is at ${level} already`));
  const refusal = refusalOf(parts, from, level);
  if (refusal !== null) return answer(refusal);
  change(parts, { keyspace, from, to: level }, answer);
}

/** @returns why the level can't be changed to this one now; null when it can */
function refusalOf({ core, settings }: LevelParts, from: Level, to: Level): Reply | null {
  const { views } = core.groups;
  if (!inOneGroup(from, to))
    return clientError(`the level can not change from ${from} to ${to} while the cluster runs`);
  const [older] = core.olderPeers;
  if (older !== undefined)
    return serverError(
      'OLDER_RELEASE',
      `${nameOf(settings.peers[older]!)} runs an older release: upgrade it`,
    );
  if (views.isChanging) return serverError('LEVELS_CHANGING', 'another change of the levels is under way');
  const gate = views.gate('write');
  return gate.state === 'closed' ? failed(gate) : null;
}

function change({ core, settings, clock }: LevelParts, asked: Asked, answer: OnAdminReply): void {
  const { views } = core.groups;
  const { keyspace, from, to } = asked;
  const { placement } = views;
  views.change({
    from: placement,
    to: withLevel(placement, core.levels.configured, keyspace, to),
    reason: `the level of ${keyspace} changes from ${from} to ${to}`,
    deadlineMs: clock.nowMs() + settings.requestTimeoutMs,
    done: (outcome) => answer(replyTo(outcome, { core, settings, clock }, asked)),
  });
}

function replyTo({ kind }: ChangeOutcome, parts: LevelParts, { keyspace, from, to }: Asked): Reply {
  switch (kind) {
    case 'installed': {
      const { unaware } = levelsOf(parts);
      const changed = `${keyspace} is at ${to} now, and was at ${from}`;
      return linesOf(unaware.length === 0 ? changed : `${changed}\nnot yet known to ${unaware.join(', ')}`);
    }
    case 'overtaken':
      return serverError('LEVELS_CHANGING', 'another change of the levels came first: look, and try again');
    case 'unknown':
      return serverError(
        'NOT_AGREED_IN_TIME',
        'outcome unknown: not agreed in time; keyspace tells what holds',
      );
  }
}

function linesOf(text: string): Reply {
  return { kind: 'lines', lines: text.split('\n') };
}
