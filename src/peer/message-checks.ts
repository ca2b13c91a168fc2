import type { Clock } from '../base/clock.ts';
import { type ControllerId, IDS_END, type MonotonicMs, type VersionTime } from '../base/number-kinds.ts';
import type { Ballot } from '../membership/ballot.ts';
import type {
  Accept,
  AcceptorState,
  GoesBy,
  Heartbeat,
  Promised,
  Retired,
  ViewPart,
} from '../membership/messages.ts';
import type { Member } from '../membership/view.ts';
import { conditionOf, type Effect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import { NO_VERSION, sameVersion, TICKS_PER_MS, type Version, versionTimeOfMs } from '../ordering/version.ts';
import type { Moving } from '../placement/moving.ts';
import type { OrderedFrame } from '../replication/broadcast/messages.ts';
import type {
  AskHeader,
  ChainAsk,
  ChainDown,
  ChainRequest,
  ChainTold,
} from '../replication/chain/messages.ts';
import type { Attached, CausalPush, Push } from '../replication/convergent/messages.ts';
import type { SyncShows } from '../replication/exchange/messages.ts';
import { type HopMessage, isHopMessage } from '../replication/hop/messages.ts';
import { isRangeMessage, type RangeMessage } from '../replication/range-messages.ts';
import { carriedFlaw } from './carried-flaw.ts';
import { clockRefusal } from './cluster-identity.ts';
import {
  answerFlaw,
  askedFlaw,
  effectFlaw,
  keyFlaw,
  orderFlaw,
  replyFlaw,
  requestFlaw,
  unstampedFlaw,
} from './entry-flaws.ts';
import { isHandshake, type PeerMessage } from './messages.ts';
import { isReasonText } from './reason-text.ts';
import { proposedBy, writtenBy } from './sender-flaws.ts';

/** The most stretches of one origin that a message may name. */
const STRETCHES_MAX = 8;

export interface MessageChecksPorts {
  /** This controller. */
  readonly node: ControllerId;
  /** Distance of a version time from the latest that it can be now, in milliseconds. */
  readonly aheadMs: (versionTime: VersionTime) => number;
  readonly maxClockSkewMs: number;
  readonly clock: Clock;
}

/**
 * Finds the messages that no controller would send, as far as the message alone shows it. The codec has checked their
 * form by then; a scheme refuses those that do not fit its state.
 *
 *  1. Version times are at most `max_clock_skew` ahead, because every clock follows the times that it sees: a time
 *     from the far future would be journalled, and would move the clocks of all controllers to the end of version
 *     time.
 *  2. The moments of flushes are, too, because a flush from the future would end every entry that is written until
 *     then.
 *  3. Ids and lists are bounded by the ids that a cluster can ever give, ballots by the time that has passed, and
 *     entries by what a store and a journal can hold. The configuration that is known here is no bound: a peer may be
 *     a change of controllers ahead, and name one that this controller does not know yet.
 */
export class MessageChecks {
  readonly #ports: MessageChecksPorts;

  constructor(ports: MessageChecksPorts) {
    this.#ports = ports;
  }

  /** @returns what is wrong with the message, in words for both ends; null when it may be used */
  flawOf(from: ControllerId, message: PeerMessage): string | null {
    if (isHandshake(message)) return `a ${message.type} belongs into a handshake`;
    if (message.type === 'moving' || isRangeMessage(message)) return this.#ofMove(message);
    if (isHopMessage(message)) return this.#hop(message);
    if (message.type === 'retired' || message.type === 'goes-by') return this.#ofPart(message);
    if (message.type === 'configuration' || message.type === 'installed') return carriedFlaw(message);
    switch (message.type) {
      case 'heartbeat':
        return this.#heartbeat(message);
      case 'view-part':
        return this.#viewPart(message);
      case 'granted':
        return this.#ballot(message.ballot) ?? this.#granted(message.askedMs, message.forMs);
      case 'ordered':
        return this.#ordered(from, message);
      case 'chain-ask':
        return this.#chainAsk(message);
      case 'chain-down':
        return this.#chainDown(message);
      case 'chain-request':
        return this.#chainRequest(message);
      case 'chain-stable':
      case 'chain-question':
      case 'chain-holds':
        return this.#ballot(message.ballot);
      case 'chain-verdict':
        return this.#ballot(message.ballot) ?? replyFlaw(message.verdict.reply);
      case 'chain-told':
        return this.#chainTold(message);
      case 'push':
        return this.#push(from, message);
      case 'causal-push':
        return this.#causalPush(from, message);
      case 'sync-shows':
        return this.#shows(message);
      case 'sync-request':
        return this.#times(message.known) ?? this.#times(message.forgotten);
      case 'sync-response':
        return this.#times(message.forgotten) ?? this.#effects(message.effects);
      case 'sync-complete':
      case 'announced':
        return this.#times(message.known);
      case 'fetch':
        return keyFlaw(message.key) ?? this.#version(message.version);
      case 'fetched':
        return message.effect === null ? null : this.#wholeEffects([message.effect]);
      case 'fetch-many':
        return first(message.wanted, ({ key, version }) => keyFlaw(key) ?? this.#version(version));
      case 'fetched-many':
        return this.#wholeEffects(message.effects);
      case 'promised':
        return this.#promised(message);
      case 'accept':
        return this.#accept(from, message);
      case 'placed':
      case 'configured':
        return carriedFlaw(message) ?? this.flawOf(from, message.message);
      case 'prepare':
      case 'install':
      case 'accepted':
        return this.#ballotOf(message, message.type === 'accepted' ? this.#ports.node : from);
      case 'rejected':
        return this.#ballot(message.promised);
      case 'foreign':
        return first(message.parts, ({ seen }) => this.#stretches(seen));
      case 'sync-lapsed':
      case 'sync-next':
        return null;
    }
  }

  #ofPart(message: Retired | GoesBy): string | null {
    return message.type === 'goes-by' ? this.#controllers(message.hears) : null;
  }

  #ofMove(message: RangeMessage | Moving): string | null {
    if (message.type === 'range-ask') return null;
    if (!isReasonText(message.trouble)) return 'what it says of its troubles is no text';
    if (message.type === 'moving') return null;
    return this.#effects(message.effects) ?? first(message.depends, ({ seen }) => this.#stretches(seen));
  }

  #hop(message: HopMessage): string | null {
    if (message.type === 'ask') return this.#version(message.after) ?? askedFlaw(message.request);
    if (message.type === 'answer') return this.#version(message.applied) ?? answerFlaw(message.reply);
    return first(message.parts, ({ seen }) => this.#stretches(seen));
  }

  #heartbeat(heartbeat: Heartbeat): string | null {
    const { time, hears, heard, known, journalTrouble, storeTrouble } = heartbeat;
    if (!isReasonText(journalTrouble) || !isReasonText(storeTrouble))
      return 'what it says of its troubles is no text';
    return (
      this.#time(time) ??
      this.#viewPart(heartbeat) ??
      this.#controllers(hears) ??
      this.#count(heard) ??
      this.#times(known)
    );
  }

  #viewPart({ installed, acceptor, onProbation }: ViewPart): string | null {
    return this.#ballot(installed) ?? this.#acceptor(acceptor) ?? this.#controllers(onProbation);
  }

  /** A lease counts from a reading of this controller's own clock, so one that begins in its future might never end. */
  #granted(askedMs: MonotonicMs, forMs: number): string | null {
    if (askedMs > this.#ports.clock.nowMs()) return 'a lease is granted that was not asked for yet';
    return forMs <= LEASE_MS_MAX ? null : `a lease of ${forMs} ms is too long`;
  }

  #ordered(from: ControllerId, { ballot, firstSeq, effects, received }: OrderedFrame): string | null {
    if (firstSeq < 1) return 'a stream of requests begins before its first';
    return (
      this.#ballot(ballot) ??
      this.#count(received) ??
      this.#effects(effects) ??
      first(effects, ({ version }) => writtenBy(from, version)) ??
      orderFlaw(effects)
    );
  }

  /** The writes have no version yet. The head gives them theirs. */
  #chainAsk(ask: ChainAsk): string | null {
    const { effects } = ask;
    return (
      this.#asks(ask) ??
      first(effects, ({ version }) =>
        sameVersion(version, NO_VERSION) ? null : 'a write has a version already',
      ) ??
      first(effects, unstampedFlaw) ??
      this.#time(effects.reduce((latest, effect) => Math.max(latest, conditionOf(effect)?.time ?? 0), 0))
    );
  }

  #chainRequest(ask: ChainRequest): string | null {
    return (
      this.#asks(ask) ??
      first(
        ask.requests,
        ({ request, lastRead }) =>
          requestFlaw(request) ?? (lastRead === null ? null : this.#version(lastRead.version)),
      )
    );
  }

  #asks({ ballot, askedIn, firstNumber, after }: AskHeader): string | null {
    if (firstNumber < 1) return 'writes are asked for before the first';
    if (after >= firstNumber) return 'writes are asked for after later ones';
    return this.#ballot(ballot) ?? this.#ballot(askedIn);
  }

  #chainTold({ ballot, version, decision }: ChainTold): string | null {
    const flaw = this.#ballot(ballot) ?? this.#version(version);
    if (flaw !== null || decision === null) return flaw;
    const { effect, verdict } = decision;
    if (!sameVersion(effect.version, version)) return 'a decision has another version than its write';
    return this.#effects([effect]) ?? replyFlaw(verdict.reply);
  }

  #chainDown({ ballot, firstSeq, effects, tickets, settled }: ChainDown): string | null {
    if (firstSeq < 1) return 'a stream of requests begins before its first';
    if (tickets.length !== effects.length) return 'requests and tickets differ in number';
    return (
      this.#ballot(ballot) ??
      this.#count(settled) ??
      first(
        tickets,
        ({ node, verdict }) => this.#controller(node) ?? (verdict === null ? null : replyFlaw(verdict.reply)),
      ) ??
      this.#effects(effects) ??
      orderFlaw(effects)
    );
  }

  #push(
    from: ControllerId,
    { previousTime, effects }: Pick<Push, 'previousTime' | 'effects'>,
  ): string | null {
    return (
      this.#time(previousTime) ??
      this.#wholeEffects(effects) ??
      first(effects, ({ version }) => writtenBy(from, version)) ??
      orderFlaw(effects)
    );
  }

  #causalPush(from: number, push: CausalPush): string | null {
    if (push.runStart > push.previousTime) return 'a run begins after its writes';
    return this.#push(from, push) ?? this.#stretches(push.needs) ?? this.#attached(push.attached);
  }

  #shows({ shows, lacks, attached }: SyncShows): string | null {
    return this.#stretches(shows) ?? this.#stretches(lacks) ?? this.#attached(attached);
  }

  #stretches(stretches: readonly Stretch[]): string | null {
    if (stretches.length > IDS_END * STRETCHES_MAX) return 'there are too many stretches of writes';
    return (
      first(stretches, ({ origin }) => this.#controller(origin)) ??
      first(stretches, ({ from, to }) => (from < to ? null : 'a stretch of writes is empty')) ??
      this.#time(stretches.reduce((latest, { to }) => Math.max(latest, to), 0))
    );
  }

  #attached(attached: readonly Attached[]): string | null {
    return first(attached, ({ version, needs }) => this.#version(version) ?? this.#stretches(needs));
  }

  #promised({ ballot, acceptor, applied, leasesMs, hears, queue }: Promised): string | null {
    return (
      this.#ballot(ballot) ??
      proposedBy(this.#ports.node, ballot) ??
      this.#acceptor(acceptor) ??
      this.#version(applied) ??
      this.#count(leasesMs) ??
      first(leasesMs, (ms) => (ms <= LEASE_MS_MAX ? null : `a lease of ${ms} ms is too long`)) ??
      this.#controllers(hears) ??
      this.#effects(queue)
    );
  }

  #accept(
    from: ControllerId,
    { ballot, members, sources, donor, donorApplied, union, reason }: Accept,
  ): string | null {
    if (!isReasonText(reason, VIEW_REASON_CHARS_MAX)) return 'the reason for a view is no text';
    const isMember = (node: ControllerId) => members.some((member) => member.node === node);
    if (!isMember(donor) || !sources.includes(donor)) return 'the donor of a view is not among its members';
    return (
      this.#ballot(ballot) ??
      proposedBy(from, ballot) ??
      this.#members(members) ??
      this.#controllers(sources) ??
      this.#version(donorApplied) ??
      this.#effects(union) ??
      orderFlaw(union)
    );
  }

  #ballotOf({ ballot }: { readonly ballot: Ballot }, proposer: ControllerId): string | null {
    return this.#ballot(ballot) ?? proposedBy(proposer, ballot);
  }

  #acceptor({ promised, accepted, members }: AcceptorState): string | null {
    return this.#ballot(promised) ?? this.#ballot(accepted) ?? this.#members(members);
  }

  /**
   * There has been at most one view a millisecond since version time began, so a higher counter is refused. The largest
   * counter that is accepted leaves a higher one for the next ballot a millisecond later.
   */
  #ballot({ counter, node }: Ballot): string | null {
    if (this.#time(counter * TICKS_PER_MS) !== null) return `a ballot has the counter ${counter}`;
    return this.#controller(node);
  }

  #members(members: readonly Member[]): string | null {
    return this.#count(members) ?? first(members, ({ node }) => this.#controller(node));
  }

  #controllers(list: readonly ControllerId[]): string | null {
    return this.#count(list) ?? first(list, (node) => this.#controller(node));
  }

  #controller(node: ControllerId): string | null {
    return node < IDS_END ? null : `there is no controller ${node}`;
  }

  /** The list has at most one item for each controller. */
  #count(list: readonly unknown[]): string | null {
    return list.length <= IDS_END ? null : `${list.length} items where one a controller was due`;
  }

  #times(times: readonly VersionTime[]): string | null {
    return this.#count(times) ?? this.#time(Math.max(0, ...times));
  }

  #version({ time, node }: Version): string | null {
    return this.#controller(node) ?? this.#time(time);
  }

  #time(time: VersionTime): string | null {
    return clockRefusal(this.#ports.aheadMs(time), this.#ports.maxClockSkewMs);
  }

  /** Only the writes of an ordered group under way may be differences. */
  #wholeEffects(effects: readonly Effect[]): string | null {
    const hasDifference = effects.some(({ kind }) => kind === 'join');
    return this.#effects(effects) ?? (hasDifference ? 'a difference comes where a whole value is due' : null);
  }

  /** Only the latest of all times is checked, so that the clock is read once a message. */
  #effects(effects: readonly Effect[]): string | null {
    let latest = 0;
    for (const effect of effects) {
      const { version } = effect;
      const base = conditionOf(effect);
      const flaw = effectFlaw(effect) ?? this.#controller(version.node);
      if (flaw !== null) return flaw;
      if (version.time > latest) latest = version.time;
      if (base !== null && base.time > latest) latest = base.time;
      if (effect.kind === 'flush-due') latest = Math.max(latest, versionTimeOfMs(effect.atMs));
    }
    return latest === 0 ? null : this.#time(latest);
  }
}

/** The longest `lease_time` and one percent, since clocks differ in rate, in milliseconds. */
const LEASE_MS_MAX = 606_000;
/** Most characters of the reason for a view, which names controllers and quotes the reason of one of them. */
const VIEW_REASON_CHARS_MAX = 2_048;

function first<T>(list: readonly T[], flawOf: (item: T) => string | null): string | null {
  for (const item of list) {
    const flaw = flawOf(item);
    if (flaw !== null) return flaw;
  }
  return null;
}
