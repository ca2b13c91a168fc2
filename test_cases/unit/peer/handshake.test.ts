import { describe, expect, it } from 'vitest';
import { Handshake, type RefusalReason } from '../../../src/peer/handshake.ts';
import type { Hello, PeerMessage } from '../../../src/peer/messages.ts';
import { VERSIONS } from '../../../src/peer/preface.ts';
import type { LinkEnd, LinkKeys } from '../../../src/peer/secret-proof.ts';

const PREFACES = Buffer.from('the prefaces of both ends');
const SECRET = Buffer.from('the secret of this cluster');

interface Options {
  readonly secret?: Buffer | null;
  readonly isLocal?: boolean;
  readonly nonce?: string;
  readonly whyMisplaced?: RefusalReason;
  readonly hello?: Partial<Hello>;
}

/** One end of a handshake. It records the messages that it sends, and how the handshake ends. */
class End {
  readonly sent: PeerMessage[] = [];
  readonly ends: string[] = [];
  keys: LinkKeys | null = null;
  readonly handshake: Handshake;

  constructor(end: LinkEnd, options: Options = {}) {
    const { secret = SECRET, isLocal = true, nonce = end, whyMisplaced = null } = options;
    const node = end === 'caller' ? 1 : 0;
    const own: Hello = {
      type: 'hello',
      cluster: 'c',
      node,
      incarnation: 7,
      placement: 'sequential',
      peers: 'a,b',
      nonce: Buffer.alloc(32, nonce),
      hasSecret: secret !== null,
      onNetwork: !isLocal,
      ...options.hello,
    };
    this.handshake = new Handshake({
      end,
      own,
      prefaces: PREFACES,
      secret,
      version: VERSIONS.max,
      identity: own,
      isLocal,
      whyMisplaced: () => whyMisplaced,
      send: (message) => this.sent.push(message),
      protect: (keys) => {
        this.keys = keys;
      },
      onRefuse: (claimed, { reason }) => this.ends.push(`refuses ${claimed}: ${reason}`),
      onRefused: (claimed, { reason, idTaken }, isProved) =>
        this.ends.push(
          `refused by ${claimed}: ${reason}${idTaken ? ' (taken)' : ''}${isProved ? ', proved' : ''}`,
        ),
      onWelcome: ({ node: peer }) => this.ends.push(`welcome ${peer}`),
    });
  }
}

/** Delivers messages until neither end has sent another, or one end has ended. */
function talk(caller: End, called: End): void {
  for (;;) {
    const [from, to] = caller.sent.length > 0 ? [caller, called] : [called, caller];
    const message = from.sent.shift();
    if (message === undefined || to.ends.length > 0) return;
    to.handshake.onMessage(message);
  }
}

function meet(caller: Options = {}, called: Options = {}): [End, End] {
  const ends: [End, End] = [new End('caller', caller), new End('called', called)];
  talk(...ends);
  return ends;
}

describe('a handshake', () => {
  it.each([
    ['the same secret', { secret: SECRET }, false],
    ['the same secret over a network', { secret: SECRET, isLocal: false }, true],
    ['no secret, on loopback', { secret: null }, false],
  ])('of two with %s ends in a link with a key for each direction', (_, options, onNetwork) => {
    const [caller, called] = meet(options, options);
    expect([caller.ends, called.ends]).toEqual([['welcome 0'], ['welcome 1']]);
    expect(caller.keys!.sending).toEqual(called.keys!.receiving);
    expect(caller.keys!.receiving).toEqual(called.keys!.sending);
    expect(caller.keys!.sending).not.toEqual(caller.keys!.receiving);
    expect([caller.keys!.onNetwork, called.keys!.onNetwork]).toEqual([onNetwork, onNetwork]);
  });

  it('has other keys on each connection, whichever end changes its nonce', () => {
    const keys = [meet(), meet({ nonce: 'x' }), meet({}, { nonce: 'x' })].map(([{ keys }]) =>
      keys!.sending.toString('hex'),
    );
    expect(new Set(keys).size).toBe(3);
  });

  it('protects frames as on a network if one end says that the connection leaves its machine', () => {
    const [caller, called] = meet({}, { isLocal: false });
    expect([caller.keys!.onNetwork, called.keys!.onNetwork]).toEqual([true, true]);
  });

  it.each<[string, Options, Options, string]>([
    [
      'another secret',
      { secret: Buffer.from('the secret of another cluster') },
      {},
      'refuses 0: it does not have the same cluster secret',
    ],
    ['no secret where the caller has one', {}, { secret: null }, ''],
    ['a secret where the caller has none', { secret: null }, {}, ''],
  ])('with %s ends in a refusal, and with keys for nobody', (_, caller, called, callerEnd) => {
    const [one, two] = meet(caller, called);
    expect([one.keys, two.keys]).toEqual([null, null]);
    if (callerEnd !== '') expect(one.ends).toEqual([callerEnd]);
    else
      expect(two.ends[0]).toMatch(
        /^refuses 1: it has (a|no) cluster secret, and this controller has (none|one)$/,
      );
  });

  it('without a secret ends in a refusal where the connection leaves the machine', () => {
    const [, called] = meet({ secret: null, isLocal: false }, { secret: null, isLocal: false });
    expect(called.ends).toEqual(['refuses 1: without a cluster secret, peers are taken from loopback only']);
  });

  it('tells the called end what the caller finds wrong, covered by the proof', () => {
    const [caller, called] = meet({ whyMisplaced: { reason: 'not here', idTaken: false } });
    expect([caller.ends, called.ends]).toEqual([['refuses 0: not here'], ['refused by 1: not here, proved']]);
  });

  it('refuses a proof that is sent back to the end that made it', () => {
    const caller = new End('caller');
    const hello = caller.sent[0] as Hello;
    const mirror = new End('called', { nonce: 'caller', hello: { ...hello, node: 0 } });
    mirror.handshake.onMessage(hello);
    const [own, proof] = mirror.sent;
    const victim = new End('called', { nonce: 'caller', hello: { ...hello, node: 0 } });
    victim.handshake.onMessage(own!);
    victim.handshake.onMessage(proof!);
    expect(victim.ends).toEqual(['refuses 0: it does not have the same cluster secret']);
  });

  it('refuses the proof of another connection', () => {
    const [caller, called] = [new End('caller'), new End('called')];
    called.handshake.onMessage(caller.sent.shift()!);
    for (const message of called.sent) caller.handshake.onMessage(message);
    const proof = caller.sent.find(({ type }) => type === 'proof')!;
    const later = new End('called', { nonce: 'another' });
    later.handshake.onMessage(new End('caller').sent[0]!);
    later.handshake.onMessage(proof);
    expect(later.ends).toEqual(['refuses 1: it does not have the same cluster secret']);
  });

  it.each<[LinkEnd, PeerMessage]>([
    ['called', { type: 'welcome' }],
    ['caller', { type: 'welcome' }],
    ['called', { type: 'proof', mac: Buffer.alloc(32), refusal: '' }],
    ['caller', { type: 'proof', mac: Buffer.alloc(32), refusal: '' }],
    ['called', { type: 'sync-next', exchange: 1 }],
  ])('of the %s refuses a %j as the first message', (which, message) => {
    const end = new End(which);
    end.handshake.onMessage(message);
    expect(end.ends).toEqual([`refuses null: a ${message.type} does not belong into a handshake here`]);
  });

  it('refuses a second hello, which would change what was proved', () => {
    const called = new End('called');
    called.handshake.onMessage(new End('caller').sent[0]!);
    called.handshake.onMessage(new End('caller', { nonce: 'other' }).sent[0]!);
    expect(called.ends).toEqual(['refuses 1: a hello does not belong into a handshake here']);
  });

  it('refuses a nonce of another length', () => {
    const [, called] = meet({ hello: { nonce: Buffer.alloc(31) } });
    expect(called.ends).toEqual(['refuses 1: a nonce of 31 bytes is none']);
  });
});
