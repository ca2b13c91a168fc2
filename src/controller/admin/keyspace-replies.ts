import type { ChangeOutcome } from '../../membership/agreed-change.ts';
import {
  epochOf,
  type KeyspaceChange,
  type Move,
  nameOfChange,
  type Placement,
  placementFlaw,
  withChange,
  withMove,
  withMoveCancelled,
  withPause,
  withReshard,
} from '../../placement/agreed-placement.ts';
import { votersOf, zonesIn } from '../../placement/configuration.ts';
import { clientError, failed, type Reply, serverError } from '../../protocol/reply.ts';
import type { KeyspaceRequest, WantedKeyspace, WantedOfMove } from '../../protocol/request.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { type Transfer, transfersOf } from '../moves/transfers.ts';
import {
  changeInWords,
  countOf,
  GOES_ON,
  inShards,
  levelsOf,
  renderLevels,
  reshardInWords,
  shardsOfChange,
} from '../status/levels-report.ts';
import { changeOf, spreadBy } from './keyspace-changes.ts';
import { isAboutShards, reshardOf, type WantedShards } from './reshard-wish.ts';
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
  if (isOfMove(request.change)) return ofMove(parts, request.change, answer);
  if (isAboutShards(request.change)) return reshard(parts, request.change, answer);
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
  const configured = { keyspaces: core.levels.configured, shards: core.levels.agreedShards };
  const moving = withMove(placement, configured, asked);
  const transfers = transfersOf(moving);
  const refusal = refusalOf(parts, transfers);
  if (refusal !== null) return answer(refusal);
  const isMove = transfers.length > 0;
  const next = isMove ? moving : withChange(placement, configured, asked);
  const flaw = placementFlaw(next);
  if (flaw !== null) return answer(clientError(`the keyspaces and their shards are too many: ${flaw}`));
  const reason = `the keyspace ${nameOfChange(asked)} changes: ${inWords(asked)}`;
  agree(parts, next, reason, (outcome) =>
    answer(replyTo(outcome, () => (isMove ? `${inWords(asked)}${GOES_ON}` : doneText(parts, asked)))),
  );
}

/** Gives a keyspace another number of shards, or some of them other controllers. */
function reshard(parts: LevelParts, wanted: WantedShards, answer: OnAdminReply): void {
  const { core } = parts;
  const { views } = core.groups;
  const parsed = reshardOf(wanted, {
    agreed: core.levels.agreedShards,
    keyspaces: core.levels.keyspacesIn(views.placement),
    configuration: views.configuration,
    isAway: (id) => id !== parts.settings.self && core.passing.isUp(id) === false,
    zones: zonesIn(views.configuration, parts.settings.zones),
    epoch: epochOf(views.placement) + 1,
    stamp: core.time.cluster.nowMs() * STAMPS_PER_MS + parts.settings.self,
    remembers: parts.settings.dataDir !== '',
    broadcastApart: views.placement?.broadcastApart ?? false,
  });
  if (parsed.kind === 'refused') return answer(clientError(parsed.reason));
  if (parsed.kind === 'same') return answer(linesOf(parsed.text));
  const configured = { keyspaces: core.levels.configured, shards: core.levels.agreedShards };
  const next = withReshard(views.placement, configured, parsed.reshard);
  const refusal = refusalOf(parts, transfersOf(next));
  if (refusal !== null) return answer(refusal);
  const flaw = placementFlaw(next);
  if (flaw !== null) return answer(clientError(`these are too many shards: ${flaw}`));
  const text = reshardInWords(wanted.keyspace, shardsOfChange(parsed.reshard));
  agree(parts, next, `the keyspace changes: ${text}`, (outcome) =>
    answer(replyTo(outcome, () => `${text}${GOES_ON}`)),
  );
}

/** @returns why the change can't be made now; null when it can */
function refusalOf({ core }: LevelParts, transfers: readonly Transfer[]): Reply | null {
  const { views } = core.groups;
  const [older] = core.olderPeers;
  if (older !== undefined)
    return serverError('OLDER_RELEASE', `${core.peers.nameOf(older)} runs an older release: upgrade it`);
  // A controller that does not vote goes by no other change.
  const isOfShards = transfers.every(
    ({ fromMembers, toMembers }) => fromMembers !== null && toMembers !== null,
  );
  const areAllVoting = votersOf(views.configuration).length === views.configuration.controllers.length;
  if (transfers.length > 0 && !isOfShards && !areAllVoting)
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

/** A stamp of a change has the time, in cluster time, and the controller that was asked. */
const STAMPS_PER_MS = 1_024;

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
  if (move.phase === 'settling') return answer(clientError(`${stateOf(move, move.after)} by now`));
  const gate = views.gate('write');
  if (gate.state === 'closed') return answer(failed(gate));
  if (views.isChanging)
    return answer(serverError('LEVELS_CHANGING', 'the next step of the change is being agreed: try again'));
  agree(parts, withMoveCancelled(placement, move), `the move of ${keyspace} is cancelled`, ({ kind }) => {
    if (kind === 'installed') answer(linesOf(`cancelled: ${stateOf(move, move.before)}`));
    else
      answer(
        serverError('LEVELS_CHANGING', 'not cancelled: the change went on meanwhile; keyspace shows how far'),
      );
  });
}

function isOfMove(change: WantedKeyspace): change is WantedOfMove {
  return change.what === 'cancel' || change.what === 'pause' || change.what === 'resume';
}

function ofMove(parts: LevelParts, wanted: WantedOfMove, answer: OnAdminReply): void {
  if (wanted.what === 'cancel') cancel(parts, wanted.keyspace, answer);
  else pause(parts, wanted, answer);
}

/** Has a change copy nothing any more, or go on, as long as the groups before serve the keys. */
function pause(parts: LevelParts, { what, keyspace }: WantedOfMove, answer: OnAdminReply): void {
  const { views } = parts.core.groups;
  const { placement } = views;
  const move = placement?.move ?? null;
  if (placement === null || move === null || nameOfChange(move) !== keyspace)
    return answer(clientError(`the keyspace ${keyspace} is not being changed`));
  const isToPause = what === 'pause';
  const text = isToPause
    ? `paused: nothing is copied until keyspace ${keyspace} resume`
    : `the change of ${keyspace} goes on`;
  if (isToPause === (move.paused === true)) return answer(linesOf(text));
  if (move.phase === 'settling') return answer(clientError(`${stateOf(move, move.after)} by now`));
  const gate = views.gate('write');
  if (gate.state === 'closed') return answer(failed(gate));
  if (views.isChanging)
    return answer(serverError('LEVELS_CHANGING', 'the next step of the change is being agreed: try again'));
  const reason = `the move of ${keyspace} is ${isToPause ? 'paused' : 'resumed'}`;
  agree(parts, withPause(placement, move, isToPause), reason, ({ kind }) =>
    answer(
      kind === 'installed'
        ? linesOf(text)
        : serverError('LEVELS_CHANGING', 'not done: the change went on meanwhile; keyspace shows how far'),
    ),
  );
}

/** What holds of the keyspace that is changed, such as `carts is at causal`. @param keyspace the side that holds */
function stateOf(move: Move, keyspace: KeyspaceChange['after']): string {
  const name = nameOfChange(move);
  const { reshard, phase } = move;
  if (reshard !== undefined) {
    const held = phase === 'settling' ? reshard.to : reshard.from;
    const { from, to } = reshard;
    const which = phase === 'settling' ? 'after' : 'before';
    return countOf(from) === countOf(to)
      ? `the shards of ${name} have the controllers of ${which} the change`
      : `${name} has ${inShards(countOf(held))}`;
  }
  if (keyspace === null) return `there is no keyspace ${name}`;
  const { prefix, level } = keyspace;
  return prefix === '' ? `${name} is at ${level}` : `${name} is at ${level}, with the prefix ${prefix}`;
}

function doneText(parts: LevelParts, asked: KeyspaceChange): string {
  const { unaware } = levelsOf(parts);
  const done = doneInWords(asked);
  return unaware.length === 0 ? done : `${done}\nnot yet known to ${unaware.join(', ')}`;
}

/** @param done what is said once the change is installed */
function replyTo({ kind }: ChangeOutcome, done: () => string): Reply {
  switch (kind) {
    case 'installed':
      return linesOf(done());
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
