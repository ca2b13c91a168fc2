import fc from 'fast-check';
import { IDS_END } from '../../src/base/number-kinds.ts';
import type { Ballot } from '../../src/membership/ballot.ts';
import type {
  Accept,
  AcceptorState,
  DeparturePhase,
  Promised,
  Retention,
} from '../../src/membership/messages.ts';
import type { Effect, KeyEffect } from '../../src/ordering/effect.ts';
import type { Version } from '../../src/ordering/version.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Placement } from '../../src/placement/agreed-placement.ts';
import { LEVELS } from '../../src/placement/level.ts';
import { settled } from '../../src/placement/member-changes.ts';
import { PLACED_LEVELS } from '../../src/placement/placed-level.ts';
import type { Ticket } from '../../src/replication/chain/messages.ts';
import type { AskedReply, AskedRequest } from '../../src/replication/hop/messages.ts';
import { configurationOfSize } from './configurations.ts';
import { moveArbitraries } from './move-arbitraries.ts';
import { asked, verdicts } from './request-arbitraries.ts';

/** Arbitrary messages of the peer protocol. */

const ids = fc.oneof(fc.nat({ max: 255 }), fc.nat({ max: IDS_END - 1 }));
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const u53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER));
const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Values; some are larger than the first buffer of an encoder. */
const values: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat({ max: 5000 }).map((length) => Buffer.alloc(length, 'v')),
);

export const versions: fc.Arbitrary<Version> = fc.record({ time: u53, node: ids });

const ballots: fc.Arbitrary<Ballot> = fc.record({ counter: u53, node: ids });

const members = fc.array(fc.record({ node: ids, incarnation: u53 }), { maxLength: 5 });

const acceptors: fc.Arbitrary<AcceptorState> = fc.record({
  promised: ballots,
  accepted: ballots,
  members,
  retention: fc.constantFrom<Retention>('intact', 'recovered', 'view-only', 'lost', 'complete'),
  incarnation: u53,
});

const numbers = fc.array(u53, { maxLength: 256 });

const keyEffects: fc.Arbitrary<KeyEffect> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    version: versions,
    key: latin1,
    condition: fc.option(versions),
    flags: u32,
    expiresAtMs: u53,
    token: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    marks: fc.nat({ max: 255 }),
    value: fc.option(values),
  }),
  fc.record({
    kind: fc.constant('join' as const),
    version: versions,
    key: latin1,
    condition: versions,
    expiresAtMs: u53,
    side: fc.constantFrom('end', 'beginning'),
    part: values,
    valueBytes: u32,
    chain: fc.record({ count: u32, bytes: u32 }),
  }),
  fc.record({
    kind: fc.constant('delete' as const),
    version: versions,
    key: latin1,
    condition: fc.option(versions),
  }),
);
const effects: fc.Arbitrary<Effect> = fc.oneof(
  keyEffects,
  fc.record({ kind: fc.constant('flush' as const), version: versions }),
  fc.record({ kind: fc.constantFrom('flush-later', 'flush-due'), version: versions, atMs: u53 }),
);
const stretches = fc.array(fc.record({ origin: ids, from: u53, to: u53 }), { maxLength: 5 });
const seenParts = fc.array(fc.record({ group: fc.nat(255), seen: stretches }), { maxLength: 8 });

const attached = fc.array(fc.record({ version: versions, needs: stretches }), { maxLength: 3 });
const effectLists = fc.array(effects, { maxLength: 5 });

const outcomes = fc.constantFrom(...(['found', 'lost', 'other', 'failed'] as const));

type Arbitraries = {
  readonly [T in PeerMessage['type']]: fc.Arbitrary<Extract<PeerMessage, { readonly type: T }>>;
};

const promises: fc.Arbitrary<Promised> = fc.record({
  type: fc.constant('promised'),
  ballot: ballots,
  acceptor: acceptors,
  applied: versions,
  leasesMs: numbers,
  hears: numbers,
  caughtUp: fc.boolean(),
  journalFails: fc.boolean(),
  queue: effectLists,
  partial: fc.boolean(),
  placement: fc.constant(null),
  configuration: fc.constant(null),
});

const accepts: fc.Arbitrary<Accept> = fc.record({
  type: fc.constant('accept'),
  ballot: ballots,
  members,
  sources: numbers,
  donor: ids,
  donorApplied: versions,
  union: effectLists,
  reason: latin1,
  placement: fc.constant(null),
  configuration: fc.constant(null),
});

const keyspaces = fc.record({ name: latin1, prefix: latin1, level: fc.constantFrom(...PLACED_LEVELS) });

const changes = { before: fc.option(keyspaces), after: fc.option(keyspaces) };

const placements: fc.Arbitrary<Placement> = fc.record(
  {
    epoch: u53,
    keyspaces: fc.array(keyspaces, { maxLength: 5 }),
    move: fc.option(
      fc.oneof(
        fc.record({ ...changes, phase: fc.constantFrom('preparing', 'settling') }),
        fc.record({ ...changes, phase: fc.constant('barrier' as const), expiredBeforeMs: u53 }),
      ),
    ),
    broadcastApart: fc.constant(true as const),
  },
  { requiredKeys: ['epoch', 'keyspaces', 'move'] },
);

const tokens = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const askedRequests: fc.Arbitrary<AskedRequest> = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), keys: fc.tuple(latin1), withCas: fc.boolean() }),
  fc.record({
    kind: fc.constant('gat' as const),
    keys: fc.tuple(latin1),
    withCas: fc.constant(true),
    exptime: fc.integer(),
  }),
  fc.record({ kind: fc.constant('debug' as const), key: latin1 }),
  fc.record({ kind: fc.constant('flush_all' as const), delay: u32, noreply: fc.constant(false) }),
  fc.record({
    kind: fc.constant('storage' as const),
    verb: fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
    key: latin1,
    flags: u32,
    exptime: fc.integer(),
    value: values,
    compare: fc.option(tokens),
    newToken: fc.option(tokens),
    wantsToken: fc.boolean(),
    invalidate: fc.boolean(),
    vivify: fc.option(fc.integer()),
    noreply: fc.constant(false),
  }),
);

const hits = fc.record({ key: latin1, flags: u32, cas: tokens, value: values });

const askedReplies: fc.Arbitrary<AskedReply> = fc.oneof(
  fc.record({ kind: fc.constant('hits' as const), hits: fc.array(hits, { maxLength: 1 }) }),
  fc.record({
    kind: fc.constant('outcome' as const),
    outcome: fc.constantFrom('stored', 'not_stored', 'exists', 'not_found', 'deleted', 'touched', 'ok'),
  }),
  fc.constant({ kind: 'server_error', code: 'STORE_DOWN', reason: 'the store is down' } as const),
);

/** Its type makes this table complete: a new type of message has to be added here. */
export const MESSAGES: Arbitraries = {
  hello: fc.record({
    type: fc.constant('hello'),
    cluster: latin1,
    node: ids,
    incarnation: u53,
    placement: latin1,
    peers: latin1,
    nonce: values,
    hasSecret: fc.boolean(),
    onNetwork: fc.boolean(),
  }),
  proof: fc.record({ type: fc.constant('proof'), mac: values, refusal: latin1 }),
  welcome: fc.record({ type: fc.constant('welcome') }),
  refusal: fc.record({ type: fc.constant('refusal'), reason: latin1, idTaken: fc.boolean() }),
  heartbeat: fc.record({
    type: fc.constant('heartbeat'),
    time: u53,
    wallMs: u53,
    clusterMs: u53,
    askedMs: u53,
    installed: ballots,
    acceptor: acceptors,
    transferring: fc.boolean(),
    hears: numbers,
    caughtUp: fc.boolean(),
    journalTrouble: latin1,
    isStalling: fc.boolean(),
    storeTrouble: latin1,
    known: numbers,
    departure: fc.constantFrom<DeparturePhase>('staying', 'draining', 'drained'),
    onProbation: numbers,
    heard: numbers,
    lagMs: u53,
  }),
  'view-part': fc.record({
    type: fc.constant('view-part'),
    askedMs: u53,
    installed: ballots,
    acceptor: acceptors,
    transferring: fc.boolean(),
    caughtUp: fc.boolean(),
    isStalling: fc.boolean(),
    onProbation: numbers,
  }),
  ordered: fc.record({
    type: fc.constant('ordered'),
    ballot: ballots,
    firstSeq: u53,
    effects: effectLists,
    streamEnd: u53,
    received: numbers,
  }),
  'chain-ask': fc.record({
    type: fc.constant('chain-ask'),
    ballot: ballots,
    firstNumber: u53,
    after: u53,
    askedIn: ballots,
    settled: u53,
    effects: effectLists,
  }),
  'chain-down': fc
    .record({
      type: fc.constant('chain-down'),
      ballot: ballots,
      firstSeq: u53,
      effects: effectLists,
      tickets: fc.constant<Ticket[]>([]),
      kept: u53,
      settled: numbers,
    })
    .chain((down) =>
      fc.record({
        type: fc.constant(down.type),
        ballot: fc.constant(down.ballot),
        firstSeq: fc.constant(down.firstSeq),
        effects: fc.constant(down.effects),
        kept: fc.constant(down.kept),
        settled: fc.constant(down.settled),
        tickets: fc.tuple(
          ...down.effects.map(() => fc.record({ node: ids, number: u53, verdict: fc.option(verdicts) })),
        ),
      }),
    ),
  'chain-stable': fc.record({ type: fc.constant('chain-stable'), ballot: ballots, seq: u53 }),
  'chain-told': fc.record({
    type: fc.constant('chain-told'),
    ballot: ballots,
    number: u53,
    version: versions,
    decision: fc.option(fc.record({ effect: keyEffects, verdict: verdicts })),
  }),
  'chain-request': fc.record({
    type: fc.constant('chain-request'),
    ballot: ballots,
    firstNumber: u53,
    after: u53,
    askedIn: ballots,
    settled: u53,
    requests: fc.array(asked, { maxLength: 5 }),
  }),
  'chain-verdict': fc.record({
    type: fc.constant('chain-verdict'),
    ballot: ballots,
    number: u53,
    verdict: verdicts,
    stable: u53,
  }),
  'chain-question': fc.record({ type: fc.constant('chain-question'), ballot: ballots, number: u53 }),
  'chain-holds': fc.record({ type: fc.constant('chain-holds'), ballot: ballots, number: u53, seq: u53 }),
  ask: fc.record({
    type: fc.constant('ask'),
    number: u53,
    client: u53,
    level: fc.option(fc.constantFrom(...LEVELS)),
    maxAgeMs: fc.option(u32),
    after: versions,
    request: askedRequests,
  }),
  answer: fc.record({
    type: fc.constant('answer'),
    number: u53,
    reply: askedReplies,
    servedLevel: fc.constantFrom('', 'l', 's', 'c', 'e'),
    servedAgeMs: u53,
    applied: versions,
  }),
  'ask-session': fc.record({ type: fc.constant('ask-session'), parts: seenParts }),
  'answer-session': fc.record({ type: fc.constant('answer-session'), number: u53, parts: seenParts }),
  foreign: fc.record({ type: fc.constant('foreign'), parts: seenParts }),
  push: fc.record({ type: fc.constant('push'), previousTime: u53, effects: effectLists }),
  'causal-push': fc.record({
    type: fc.constant('causal-push'),
    previousTime: u53,
    runStart: u53,
    needs: stretches,
    attached,
    effects: effectLists,
  }),
  'sync-shows': fc.record({
    type: fc.constant('sync-shows'),
    exchange: u32,
    shows: stretches,
    lacks: stretches,
    attached,
  }),
  'sync-request': fc.record({
    type: fc.constant('sync-request'),
    exchange: u32,
    known: numbers,
    forgotten: numbers,
    empty: fc.boolean(),
  }),
  'sync-lapsed': fc.record({ type: fc.constant('sync-lapsed'), exchange: u32 }),
  'sync-response': fc.record({
    type: fc.constant('sync-response'),
    exchange: u32,
    total: u53,
    forgotten: numbers,
    effects: effectLists,
  }),
  'sync-next': fc.record({ type: fc.constant('sync-next'), exchange: u32 }),
  'sync-complete': fc.record({ type: fc.constant('sync-complete'), exchange: u32, known: numbers }),
  announced: fc.record({ type: fc.constant('announced'), caughtUp: fc.boolean(), known: numbers }),
  fetch: fc.record({ type: fc.constant('fetch'), id: u32, key: latin1, version: versions }),
  fetched: fc.record({
    type: fc.constant('fetched'),
    id: u32,
    outcome: outcomes,
    effect: fc.option(effects),
  }),
  'fetch-many': fc.record({
    type: fc.constant('fetch-many'),
    id: u32,
    wanted: fc.array(fc.record({ key: latin1, version: versions }), { maxLength: 5 }),
  }),
  'fetched-many': fc.record({
    type: fc.constant('fetched-many'),
    id: u32,
    outcomes: fc.array(outcomes, { maxLength: 5 }),
    effects: effectLists,
  }),
  prepare: fc.record({ type: fc.constant('prepare'), ballot: ballots }),
  promised: promises,
  rejected: fc.record({ type: fc.constant('rejected'), promised: ballots }),
  accept: accepts,
  placed: fc.record({
    type: fc.constant('placed'),
    placement: placements,
    message: fc.oneof(promises, accepts),
  }),
  configured: fc.record({
    type: fc.constant('configured'),
    configuration: fc.constant({ ...settled(configurationOfSize(3)), before: [0, 1, 2] }),
    message: fc.oneof(promises, accepts),
  }),
  configuration: fc.record({
    type: fc.constant('configuration'),
    configuration: fc.constant({ ...settled(configurationOfSize(3)), before: [0, 1, 2] }),
  }),
  retired: fc.record({ type: fc.constant('retired'), epoch: u53 }),
  ...moveArbitraries(effectLists, seenParts, placements),
  accepted: fc.record({ type: fc.constant('accepted'), ballot: ballots }),
  install: fc.record({ type: fc.constant('install'), ballot: ballots }),
  granted: fc.record({ type: fc.constant('granted'), ballot: ballots, askedMs: u53, forMs: u53 }),
};

export const messages: fc.Arbitrary<PeerMessage> = fc.oneof(
  ...(Object.values(MESSAGES) as fc.Arbitrary<PeerMessage>[]),
);
