import { isOrdered } from '../../consistency/policies.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { ChangeOutcome } from '../../membership/placement-change.ts';
import { type Placement, withLevel, withMove, withMoveCancelled } from '../../placement/agreed-placement.ts';
import { LEVELS } from '../../placement/level.ts';
import { levelAsked, type PlacedLevel } from '../../placement/placed-level.ts';
import { clientError, failed, type Reply, serverError } from '../../protocol/reply.ts';
import type { KeyspaceRequest } from '../../protocol/request.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { groupOfLevel } from '../group-plan.ts';
import { inOneGroup } from '../levels.ts';
import { nameOf } from '../settings.ts';
import { levelsOf, renderLevels } from '../status/levels-report.ts';
import type { OnAdminReply } from './store-administration.ts';

type LevelParts = Pick<ControllerParts, 'core' | 'settings' | 'clock'>;

/** A change that a client has asked for. */
interface Asked {
  readonly keyspace: string;
  readonly from: PlacedLevel;
  readonly to: PlacedLevel;
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
  if (level === CANCEL) return cancel(parts, keyspace, answer);
  const known = parts.core.levels.configured.find(({ name }) => name === keyspace);
  if (known === undefined)
    return answer(clientError(`there is no keyspace ${keyspace}; keyspace lists them`));
  const from = parts.core.levels.levelIn(parts.core.groups.views.placement, keyspace);
  const to = levelAsked(level, from, parts.settings.scheme);
  if (to === null) return answer(clientError(`${level} is no level: ${LEVELS_IN_WORDS}`));
  if (from === to) return answer(linesOf(`${keyspace} is at ${to} already`));
  const refusal = refusalOf(parts, from, to);
  if (refusal !== null) return answer(refusal);
  change(parts, { keyspace, from, to }, answer);
}

const LEVELS_IN_WORDS = `say ${LEVELS.join(', ')}; or an ordered one with its scheme, such as sequential/chain`;

/** @returns why the level can't be changed to this one now; null when it can */
function refusalOf({ core, settings }: LevelParts, from: PlacedLevel, to: PlacedLevel): Reply | null {
  const { views } = core.groups;
  const occupied = inOneGroup(from, to) ? null : whyNoMove({ core }, to);
  if (occupied !== null) return clientError(occupied);
  const [older] = core.olderPeers;
  if (older !== undefined)
    return serverError(
      'OLDER_RELEASE',
      `${nameOf(settings.peers[older]!)} runs an older release: upgrade it`,
    );
  const move = views.placement?.move ?? null;
  if (move !== null)
    return serverError(
      'LEVELS_CHANGING',
      `the level of ${move.name} is being changed: keyspace shows how far it is`,
    );
  if (views.isChanging) return serverError('LEVELS_CHANGING', 'another change of the levels is under way');
  const gate = views.gate('write');
  return gate.state === 'closed' ? failed(gate) : null;
}

/** @returns why a keyspace can not get a level whose group it is not in now; null when it can */
function whyNoMove({ core }: Pick<LevelParts, 'core'>, to: PlacedLevel): string | null {
  const { groups, levels } = core;
  if (isOrdered(to)) return groups.hasOrderedEntries || groupOfLevel(to) !== ROOT_GROUP ? null : NO_ORDERED;
  const there = groups.keyspaces.filter(({ level }) => inOneGroup(level, to)).map(({ name }) => name);
  if (there.length === 0) return null;
  const level = levels.levelIn(groups.views.placement, there[0]!);
  const names = there.join(', ');
  return `${names} is at ${level} already, and no other keyspace can get that level while the cluster runs`;
}

const NO_ORDERED =
  'a cluster that is configured without an ordered level can not get one while it runs: ' +
  'configure a keyspace at linearizability or sequential, and start the controllers again';

function change(parts: LevelParts, asked: Asked, answer: OnAdminReply): void {
  const { core } = parts;
  const { keyspace, from, to } = asked;
  const { placement } = core.groups.views;
  const { configured } = core.levels;
  const next = inOneGroup(from, to)
    ? withLevel(placement, configured, keyspace, to)
    : withMove(placement, configured, { name: keyspace, from, to });
  const reason = `the level of ${keyspace} changes from ${from} to ${to}`;
  agree(parts, next, reason, (outcome) => answer(replyTo(outcome, parts, asked)));
}

/** Has the members agree on another placement. */
function agree(
  { core, settings, clock }: LevelParts,
  to: Placement,
  reason: string,
  done: (outcome: ChangeOutcome) => void,
): void {
  const { views } = core.groups;
  views.change({
    from: views.placement,
    to,
    reason,
    deadlineMs: clock.nowMs() + settings.requestTimeoutMs,
    isFor: () => true,
    done,
  });
}

/** Ends the move of a keyspace, as long as the group before serves it. */
function cancel(parts: LevelParts, keyspace: string, answer: OnAdminReply): void {
  const { views } = parts.core.groups;
  const { placement } = views;
  const move = placement?.move;
  if (placement == null || move?.name !== keyspace)
    return answer(clientError(`the level of ${keyspace} is not being changed`));
  if (move.phase === 'settling') return answer(clientError(`${keyspace} is at ${move.to} by now`));
  const gate = views.gate('write');
  if (gate.state === 'closed') return answer(failed(gate));
  if (views.isChanging)
    return answer(serverError('LEVELS_CHANGING', 'the next step of the change is being agreed: try again'));
  agree(parts, withMoveCancelled(placement, move), `the move of ${keyspace} is cancelled`, ({ kind }) => {
    if (kind === 'installed') answer(linesOf(`${keyspace} stays at ${move.from}`));
    else
      answer(
        serverError('LEVELS_CHANGING', 'not cancelled: the change went on meanwhile; keyspace shows how far'),
      );
  });
}

/** In the place of a level. */
const CANCEL = 'cancel';

function replyTo({ kind }: ChangeOutcome, parts: LevelParts, { keyspace, from, to }: Asked): Reply {
  switch (kind) {
    case 'installed': {
      if (!inOneGroup(from, to))
        return linesOf(`${keyspace} moves from ${from} to ${to}; keyspace shows how far it is`);
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
