import { describe, expect, it } from 'vitest';
import type { ChainAnswer } from '../../../src/cli/minikv/chain-question.ts';
import { formerChainIn, listeningIn } from '../../../src/cli/minikv/former-chain.ts';
import { founderSettings, joiningSettings } from '../../../src/cli/minikv/node-settings.ts';
import { ownAddress, ownHttpAddress } from '../../../src/controller/settings.ts';
import type { ChainHome } from '../../../src/dialects/minikv/chain-places.ts';
import { NODE_HOST } from '../../../src/dialects/minikv/chain-ports.ts';
import { type Configuration, configurationAmong } from '../../../src/placement/configuration.ts';

const CHAIN = { cluster: 'minikv-0123456789ab', founder: 7 };

const CONFIGURATION: Configuration = {
  epoch: 1,
  nextId: 2,
  controllers: [
    { id: 0, host: NODE_HOST, port: 50_007 },
    { id: 1, host: NODE_HOST, port: 50_003, phase: 'joining' },
  ],
};

describe('the controller of a node of a chain', () => {
  it('has the ports of its index, whether it has founded the chain or joins it', () => {
    const founder = founderSettings(CHAIN, 'info');
    expect(ownAddress(founder)).toEqual({ host: NODE_HOST, port: 50_007 });
    expect(ownHttpAddress(founder)).toEqual({ host: '127.0.0.1', port: 8_087 });
    const joining = joiningSettings(3, { ...CHAIN, id: 1, configuration: CONFIGURATION }, 'warn');
    expect(ownAddress(joining)).toEqual({ host: NODE_HOST, port: 50_003 });
    expect(ownHttpAddress(joining)).toEqual({ host: '127.0.0.1', port: 8_083 });
    expect(joining.self).toBe(1);
    // The others would refuse it with another list, or another name.
    expect(joining.peers).toEqual(founder.peers);
    expect(joining.cluster).toBe(founder.cluster);
  });
});

describe('the nodes that listen', () => {
  it('are those of this machine, at the ports of nodes', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0200007F:C350 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0200007F:C351 0300007F:9C41 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
  12: 0200007F:C352 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
  13: 0100007F:C353 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1 0 100 0 0 10 0
  14: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0
`;
    expect(listeningIn(table)).toEqual([0, 2]);
    expect(listeningIn('')).toEqual([]);
  });
});

describe('the chain that a node was in', () => {
  const isMember = (self: number, voters: number[], takesWrites = false, chain = 'one'): ChainAnswer => {
    const configuration = { ...configurationAmong(CONFIGURATION, voters), epoch: 1, nextId: 9 };
    const body: ChainHome = { chain, self, configuration, takesWrites };
    return { kind: 'done', body };
  };
  const stranger: ChainAnswer = { kind: 'unknown' };
  const starting: ChainAnswer = { kind: 'later', code: 'NOT_VOTING', reason: 'it starts' };
  const dead: ChainAnswer = { kind: 'absent', reason: 'connection refused' };
  const hanging: ChainAnswer = { kind: 'silent', reason: 'it does not answer' };
  const among = (...answers: ChainAnswer[]) =>
    formerChainIn(answers.map((answer, at) => ({ node: at + 1, answer })));

  it('goes on where a member takes writes', () => {
    expect(among(isMember(1, [0, 1, 2]), isMember(2, [0, 1, 2], true))).toEqual({ kind: 'goes-on', node: 2 });
    expect(among(hanging, isMember(2, [1, 2], true))).toEqual({ kind: 'goes-on', node: 2 });
  });

  it('may go on while a majority of its members is there, or may be', () => {
    expect(among(isMember(1, [0, 1, 2]), isMember(2, [0, 1, 2])).kind).toBe('may-go-on');
    expect(among(starting, isMember(2, [0, 2, 3]), isMember(3, [0, 2, 3])).kind).toBe('may-go-on');
    expect(among(isMember(1, [0, 1, 2]), hanging)).toEqual({
      kind: 'may-go-on',
      reason: 'it does not answer',
    });
    expect(among(hanging).kind).toBe('may-go-on');
  });

  it('has ended where there is none', () => {
    const ended = { kind: 'ended' };
    expect(among()).toEqual(ended);
    expect(among(stranger, starting, dead)).toEqual(ended);
    expect(among(isMember(1, [0, 1]))).toEqual(ended);
    expect(among(isMember(3, [0, 1, 2, 3]), isMember(2, [0, 1, 2, 3]))).toEqual(ended);
    // Members of two chains are no majority of either, and the same id is not the same member.
    expect(among(isMember(1, [0, 1, 2]), isMember(2, [0, 1, 2], false, 'two'), starting)).toEqual(ended);
    // This one knows a configuration that has other members.
    expect(among(isMember(1, [0, 1, 2]), isMember(4, [0, 3, 4]))).toEqual(ended);
    // The head alone voted before, and it is not known whether the change was made.
    const before = { ...configurationAmong(CONFIGURATION, [0, 1, 2]), epoch: 1, nextId: 9, before: [0] };
    const isNew = (self: number): ChainAnswer => ({
      kind: 'done',
      body: { chain: 'one', self, configuration: before, takesWrites: false },
    });
    expect(among(isNew(1), isNew(2))).toEqual(ended);
  });
});
