import type { ControllerId } from '../../base/number-kinds.ts';
import { shardsAsPlanned } from '../../placement/agreed-shards.ts';
import { clientError, serverError } from '../../protocol/reply.ts';
import type { WantedRemoval } from '../../protocol/request.ts';
import { SCHEMES } from '../../replication/schemes.ts';
import { type ForcedSituation, forcedRemovalOf } from './forced-removal.ts';
import { keyspacesOver, linesOf, type MemberParts } from './member-parts.ts';
import type { OnAdminReply } from './store-administration.ts';

/** Answers `member remove … force`: tells what it would cost, or drops the controllers if that was confirmed. */
export function replyToForced(parts: MemberParts, wanted: WantedRemoval, answer: OnAdminReply): void {
  const { core, settings, clock } = parts;
  const { views } = core.groups;
  const parsed = forcedRemovalOf(wanted.lost, situationOf(parts));
  if (parsed.kind === 'refused') return answer(clientError(parsed.reason));
  // mutant: forced-unconfirmed
  if (!wanted.isConfirmed) return answer(linesOf([...parsed.lines, NOT_DONE].join('\n')));
  if (views.isReconfiguring)
    return answer(
      serverError('MEMBERS_CHANGING', 'another change of the controllers is under way: try again'),
    );
  views.reconfigure({
    from: views.acceptedConfiguration,
    to: parsed.to,
    reason: `a client has forced controllers out: ${wanted.lost.join(', ')}`,
    deadlineMs: clock.nowMs() + settings.requestTimeoutMs + 2 * settings.leaseMs,
    isFor: () => true,
    done: ({ kind }) =>
      answer(
        kind === 'installed'
          ? linesOf(parsed.lines.slice(0, 2).join('\n'))
          : serverError(
              'NOT_AGREED_IN_TIME',
              'outcome unknown: not all that are left have agreed; see member',
            ),
      ),
  });
}

const NOT_DONE = 'nothing is done yet: the same command with "confirmed" behind it does it';

function situationOf(parts: MemberParts): ForcedSituation {
  const { core, settings, clock } = parts;
  const { views, keyspaces } = core.groups;
  const named = (isOrdered: boolean) =>
    keyspaces.filter(({ policy }) => SCHEMES[policy.scheme].isOrdered === isOrdered).map(({ name }) => name);
  const { acceptor } = views.part;
  return {
    node: settings.self,
    configuration: views.configuration,
    heard: core.peers.ids.filter((peer: ControllerId) => core.peers.isHeard(peer)),
    hearsOf: (peer) => core.follower.word.hearsOf(peer),
    isKnownOf: (peer) => core.follower.word.isKnownOf(peer),
    acceptor,
    hasShards: (peer) => keyspacesOver(core, peer).length > 0,
    shards: shardsAsPlanned(core.levels.agreedShards),
    ordered: named(true),
    convergent: named(false),
    isSync: settings.durability === 'sync',
    mark: `${settings.self}-${acceptor.incarnation.toString(36)}-${clock.wallMs().toString(36)}`,
  };
}
