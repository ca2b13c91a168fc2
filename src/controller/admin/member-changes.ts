import type { ErrorCode } from '../../base/error-codes.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import {
  addressTextOf,
  type Configuration,
  haveMajority,
  isVoter,
  mayBeMembers,
  votersOf,
} from '../../placement/configuration.ts';
import { withVoters } from '../../placement/member-changes.ts';
import type { WantedMembers } from '../../protocol/request.ts';

/** What has to be known of the controllers to change which of them vote. */
export interface MemberSituation {
  /** This controller. */
  readonly node: ControllerId;
  readonly configuration: Configuration;
  /** Peers that are heard. */
  readonly heard: readonly ControllerId[];
  /** Why the peer can't be taken into a view now, in words; empty when it can. */
  readonly joinTroubleOf: (peer: ControllerId) => string;
}

export type ParsedMembers =
  | { readonly kind: 'change'; readonly to: Configuration; readonly come: ControllerId | null }
  /** It is so already. */
  | { readonly kind: 'same'; readonly text: string }
  /** It can't be done at all. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It can't be done now. */
  | { readonly kind: 'later'; readonly code: ErrorCode; readonly reason: string };

/** What the words change, and whether that can be done safely. */
export function memberChangeOf(wanted: WantedMembers, situation: MemberSituation): ParsedMembers {
  const { configuration, node } = situation;
  const unknown = [wanted.come, wanted.go].find(
    (word) => word !== null && idNamed(word, configuration) === null,
  );
  if (unknown != null) return refused(whyUnknown(unknown, configuration));
  const come = wanted.come === null ? null : idNamed(wanted.come, configuration);
  const go = wanted.go === null ? null : idNamed(wanted.go, configuration);
  const same = sameOf(come, go, configuration);
  if (same !== null) return same;
  if (go === node)
    return refused(`${nameIn(configuration, go)} does not remove itself: ask another controller`);
  const trouble = come === null ? '' : situation.joinTroubleOf(come);
  if (trouble !== '')
    return later('CATCHING_UP', `${nameIn(configuration, come!)} ${trouble}: try again later`);
  if (configuration.before !== undefined)
    return later('MEMBERS_CHANGING', 'another change of the controllers is under way: try again');
  const to = withVoters(configuration, come === null ? [] : [come], go === null ? [] : [go]);
  if (typeof to === 'string') return refused(to);
  return whyTooFew(to, situation) ?? { kind: 'change', to, come };
}

/** Such as `controller 2 (127.0.0.1:8002)`. */
export function nameIn(configuration: Configuration, id: ControllerId): string {
  return `controller ${id} (${addressTextOf(configuration, id)})`;
}

/** @param word an id, also as `controller-2`, or an address */
function idNamed(word: string, configuration: Configuration): ControllerId | null {
  const text = word.replace(/^controller-/, '');
  const found = configuration.controllers.find(
    ({ id }) => `${id}` === text || addressTextOf(configuration, id) === word,
  );
  return found?.id ?? null;
}

function whyUnknown(word: string, configuration: Configuration): string {
  const known = configuration.controllers.map(({ id }) => `${id} (${addressTextOf(configuration, id)})`);
  return `${word} is no controller of this cluster, whose \`peers\` are ${known.join(', ')}`;
}

/** What to say of a change that changes nothing, or half of what it says; null for others. */
function sameOf(
  come: ControllerId | null,
  go: ControllerId | null,
  configuration: Configuration,
): ParsedMembers | null {
  const comes = come !== null && !isVoter(configuration, come);
  const goes = go !== null && isVoter(configuration, go);
  if (comes === (come !== null) && goes === (go !== null)) return null;
  const words = [
    come !== null && !comes ? `${nameIn(configuration, come)} votes already` : '',
    go !== null && !goes ? `${nameIn(configuration, go)} does not vote` : '',
  ];
  const text = words.filter((word) => word !== '').join(', and ');
  // A command that is sent again has its answer.
  return comes || goes ? refused(text) : { kind: 'same', text };
}

/**
 * A view with the change needs a majority of the voters before and after it. Without them the members would end the
 * view that they have, and wait.
 */
function whyTooFew(to: Configuration, { node, heard }: MemberSituation): ParsedMembers | null {
  const able = [node, ...heard];
  const members = votersOf(to).filter((id) => able.includes(id));
  if (haveMajority(to, able) && mayBeMembers(to, members)) return null;
  const missing = [...new Set([...votersOf(to), ...to.before!])].filter((id) => !able.includes(id));
  const names = missing.map((id) => nameIn(to, id)).join(', ');
  return later(
    'NO_MAJORITY',
    `too few controllers are heard for that: without ${names} there is no majority`,
  );
}

function refused(reason: string): ParsedMembers {
  return { kind: 'refused', reason };
}

function later(code: ErrorCode, reason: string): ParsedMembers {
  return { kind: 'later', code, reason };
}
