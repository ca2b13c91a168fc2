import type { ControllerId } from '../../base/number-kinds.ts';
import type { ChangeOutcome } from '../../membership/agreed-change.ts';
import { isCounted } from '../../placement/configuration.ts';
import { clientError, type Reply, serverError } from '../../protocol/reply.ts';
import type { MemberRequest } from '../../protocol/request.ts';
import { areAllFollowing, viewsOfAll } from '../configuration-follower.ts';
import type { Core } from '../core.ts';
import { membersOf, renderMembers } from '../status/members-report.ts';
import { replyToForced } from './forced-replies.ts';
import { memberChangeOf, nameIn, type ParsedMembers } from './member-changes.ts';
import { areAllSpread, keyspacesOver, linesOf, type MemberParts } from './member-parts.ts';
import type { OnAdminReply } from './store-administration.ts';

/** Answers `member`: lists the controllers, or has them agree on which of them vote. */
export function replyToMember(parts: MemberParts, request: MemberRequest, answer: OnAdminReply): void {
  if (request.change === null) {
    const members = membersOf(parts);
    return answer(linesOf(request.format === 'json' ? JSON.stringify(members) : renderMembers(members)));
  }
  if (request.change.forced !== undefined) return replyToForced(parts, request.change.forced, answer);
  const refusal = refusalOf(parts);
  if (refusal !== null) return answer(refusal);
  const { core, settings } = parts;
  const parsed = memberChangeOf(request.change, {
    node: settings.self,
    configuration: core.groups.views.configuration,
    heard: core.peers.ids.filter((peer) => core.peers.isHeard(peer)),
    ending: core.peers.ids.filter((peer) => core.peers.departureOf(peer) !== 'staying'),
    joinTroubleOf: (peer) => joinTroubleOf(core, peer),
    isLeftBehind: (peer) => isLeftBehind(parts, peer),
    spreadOver: (peer) => keyspacesOver(core, peer),
    isMoving: core.groups.views.placement?.move != null,
    areAllSpread: areAllSpread(core),
  });
  if (parsed.kind === 'refused') return answer(clientError(parsed.reason));
  if (parsed.kind === 'later') return answer(serverError(parsed.code, parsed.reason));
  if (parsed.kind === 'same') return answer(linesOf(parsed.text));
  agree(parts, parsed, (outcome) => answer(replyTo(outcome, parsed.text)));
}

/** @returns why the controllers can't be changed here and now, whatever the change; null when they can */
function refusalOf({ core }: MemberParts): Reply | null {
  const { views } = core.groups;
  const [older] = core.olderPeers;
  if (older !== undefined)
    return serverError(
      'OLDER_RELEASE',
      `${nameIn(views.configuration, older)} runs an older release: upgrade it`,
    );
  if (views.view === null) {
    const gate = views.gate('write');
    return gate.state === 'open' ? null : serverError(gate.code, gate.reason);
  }
  return views.isReconfiguring || !areAllFollowing(core.groups)
    ? serverError('MEMBERS_CHANGING', 'another change of the controllers is under way: try again')
    : null;
}

/** Why the members could not take the peer in now; empty when they could. */
function joinTroubleOf({ peers, groups }: Core, peer: ControllerId): string {
  if (!peers.isHeard(peer)) return 'is not heard';
  const heartbeat = peers.heartbeat(peer);
  if (heartbeat === undefined || heartbeat.journalTrouble !== '') return 'takes no writes';
  const all = [groups.views, ...viewsOfAll(groups)];
  // mutant: fills-shards-before-the-vote
  return all.every(({ parts }) => parts.of(peer)?.caughtUp === true) ? '' : 'is catching up with the others';
}

/** Controllers of the start stay linked for ever where they are not dropped by themselves: see `toDrop`. */
function isLeftBehind(
  { core, settings: { peers, dropsFounders } }: MemberParts,
  peer: ControllerId,
): boolean {
  const isOut = !isCounted(core.groups.views.configuration, peer);
  return isOut && (peer >= peers.length || dropsFounders === true) && !core.peers.isHeard(peer);
}

function agree(
  { core, settings, clock }: MemberParts,
  { to, come, text }: Extract<ParsedMembers, { readonly kind: 'change' }>,
  done: (outcome: ChangeOutcome) => void,
): void {
  const { views } = core.groups;
  const { view } = views;
  views.reconfigure({
    from: view!.configuration,
    to,
    reason: `a client has asked: ${text}`,
    deadlineMs: clock.nowMs() + settings.requestTimeoutMs,
    isFor: (members) => come.every((id) => members.some(({ node }) => node === id)),
    done,
  });
}

function replyTo({ kind }: ChangeOutcome, text: string): Reply {
  switch (kind) {
    case 'installed':
      return linesOf(text);
    case 'overtaken':
      return serverError(
        'MEMBERS_CHANGING',
        'not done: another change came first, or the controller to add could not be taken in; member lists them',
      );
    case 'unknown':
      return serverError(
        'NOT_AGREED_IN_TIME',
        'outcome unknown: not agreed in time; member tells which vote',
      );
  }
}
