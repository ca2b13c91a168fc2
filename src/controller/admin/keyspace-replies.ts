import type { ChangeOutcome } from '../../membership/agreed-change.ts';
import {
  type KeyspaceChange,
  nameOfChange,
  type Placement,
  placementFlaw,
  withChange,
  withMove,
  withMoveCancelled,
} from '../../placement/agreed-placement.ts';
import { agreedShardsOf } from '../../placement/agreed-shards.ts';
import { votersOf } from '../../placement/configuration.ts';
import { clientError, failed, type Reply, serverError } from '../../protocol/reply.ts';
import type { KeyspaceRequest } from '../../protocol/request.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { type Transfer, transfersOf } from '../moves/transfers.ts';
import { changeInWords, GOES_ON, levelsOf, renderLevels } from '../status/levels-report.ts';
import { changeOf, spreadBy } from './keyspace-changes.ts';
import type { OnAdminReply } from './store-administration.ts';

type LevelParts = Pick<ControllerParts, 'core' | 'settings' | 'clock'>;

/**
 * Answers `keyspace`: lists the keyspaces with their levels, or has the controllers agree on a change of one of
 * them.
 */
export function replyToKeyspace(parts: LevelParts, request: KeyspaceRequest, answer: OnAdminReply): void {
  if (request.change === null) {
    const levels = levelsOf(parts);
    return answer(linesOf(request.format === 'json' ? JSON.stringify(levels) : renderLevels(levels)));
  }
  if (request.change.what === 'cancel') return cancel(parts, request.change.keyspace, answer);
  const { groups, levels } = parts.core;
  const keyspaces = levels.keyspacesIn(groups.views.placement);
  const parsed = changeOf(request.change, keyspaces, parts.settings.scheme);
  if (parsed.kind === 'refused') return answer(clientError(parsed.reason));
  if (parsed.kind === 'same') return answer(linesOf(parsed.text));
  const spread = spreadBy(parsed.change, keyspaces, groups.shards);
  if (spread !== null) return answer(clientError(`${spread} ${SPREAD}`));
  change(parts, parsed.change, answer);
}

function change(parts: LevelParts, asked: KeyspaceChange, answer: OnAdminReply): void {
  const { core } = parts;
  const { placement } = core.groups.views;
  const shards = agreedShardsOf(core.groups.plannedShards);
  const configured = { keyspaces: core.levels.configured, shards };
  const moving = withMove(placement, configured, asked);
  const transfers = transfersOf(moving);
  const refusal = refusalOf(parts, transfers);
  if (refusal !== null) return answer(refusal);
  const isMove = transfers.length > 0;
  const next = isMove ? moving : withChange(placement, configured, asked);
  const flaw = placementFlaw(next);
  if (flaw !== null) return answer(clientError(`the keyspaces and their shards are too many: ${flaw}`));
  const reason = `the keyspace ${nameOfChange(asked)} changes: ${inWords(asked)}`;
  agree(parts, next, reason, (outcome) => answer(replyTo(outcome, parts, asked, isMove)));
}

/** @returns why the change can't be made now; null when it can */
function refusalOf({ core }: LevelParts, transfers: readonly Transfer[]): Reply | null {
  const { views } = core.groups;
  const [older] = core.olderPeers;
  if (older !== undefined)
    return serverError('OLDER_RELEASE', `${core.peers.nameOf(older)} runs an older release: upgrade it`);
  // A controller that does not vote learns of no placement.
  if (transfers.length > 0 && votersOf(views.configuration).length < views.configuration.controllers.length)
    return clientError(
      'every controller has to vote for that: member lists them, and member add has one vote',
    );
  const move = views.placement?.move ?? null;
  if (move !== null)
    return serverError(
      'LEVELS_CHANGING',
      `the keyspace ${nameOfChange(move)} is being changed: keyspace shows how far it is`,
    );
  if (views.isChanging) return serverError('LEVELS_CHANGING', 'another change of the keyspaces is under way');
  const gate = views.gate('write');
  return gate.state === 'closed' ? failed(gate) : null;
}

const SPREAD = 'has several shards: it keeps its keys and its level while the cluster runs';

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

/** Ends a change by which keys get another group, as long as the groups before serve them. */
function cancel(parts: LevelParts, keyspace: string, answer: OnAdminReply): void {
  const { views } = parts.core.groups;
  const { placement } = views;
  const move = placement?.move ?? null;
  if (placement === null || move === null || nameOfChange(move) !== keyspace)
    return answer(clientError(`the keyspace ${keyspace} is not being changed`));
  if (move.phase === 'settling') return answer(clientError(`${stateOf(keyspace, move.after)} by now`));
  const gate = views.gate('write');
  if (gate.state === 'closed') return answer(failed(gate));
  if (views.isChanging)
    return answer(serverError('LEVELS_CHANGING', 'the next step of the change is being agreed: try again'));
  agree(parts, withMoveCancelled(placement, move), `the move of ${keyspace} is cancelled`, ({ kind }) => {
    if (kind === 'installed') answer(linesOf(`cancelled: ${stateOf(keyspace, move.before)}`));
    else
      answer(
        serverError('LEVELS_CHANGING', 'not cancelled: the change went on meanwhile; keyspace shows how far'),
      );
  });
}

/** What holds of a keyspace, such as `carts is at causal`. */
function stateOf(name: string, keyspace: KeyspaceChange['after']): string {
  if (keyspace === null) return `there is no keyspace ${name}`;
  const { prefix, level } = keyspace;
  return prefix === '' ? `${name} is at ${level}` : `${name} is at ${level}, with the prefix ${prefix}`;
}

function replyTo({ kind }: ChangeOutcome, parts: LevelParts, asked: KeyspaceChange, isMove: boolean): Reply {
  switch (kind) {
    case 'installed': {
      if (isMove) return linesOf(`${inWords(asked)}${GOES_ON}`);
      const { unaware } = levelsOf(parts);
      const done = doneInWords(asked);
      return linesOf(unaware.length === 0 ? done : `${done}\nnot yet known to ${unaware.join(', ')}`);
    }
    case 'overtaken':
      return serverError(
        'LEVELS_CHANGING',
        'another change of the keyspaces came first: look, and try again',
      );
    case 'unknown':
      return serverError(
        'NOT_AGREED_IN_TIME',
        'outcome unknown: not agreed in time; keyspace tells what holds',
      );
  }
}

function inWords(asked: KeyspaceChange): string {
  return changeInWords(nameOfChange(asked), asked.before, asked.after);
}

function doneInWords(asked: KeyspaceChange): string {
  const name = nameOfChange(asked);
  const { before, after } = asked;
  if (after === null) return `${name} is removed; its keys are in the keyspaces with shorter prefixes now`;
  if (before === null) return `${name} is added, at ${after.level}, with the prefix ${after.prefix}`;
  return before.prefix === after.prefix
    ? `${name} is at ${after.level} now, and was at ${before.level}`
    : `${name} has the prefix ${after.prefix} now, and had ${before.prefix}`;
}

function linesOf(text: string): Reply {
  return { kind: 'lines', lines: text.split('\n') };
}
