import { describe, expect, it } from 'vitest';
import { listeningIn } from '../../../src/cli/minikv/former-chain.ts';
import { founderSettings, joiningSettings } from '../../../src/cli/minikv/node-settings.ts';
import { ownAddress, ownHttpAddress } from '../../../src/controller/settings.ts';
import { NODE_HOST } from '../../../src/dialects/minikv/chain-ports.ts';

const CHAIN = { cluster: 'minikv-0123456789ab', founder: 7 };

const CONFIGURATION = {
  epoch: 1,
  nextId: 2,
  controllers: [
    { id: 0, host: NODE_HOST, port: 50_007 },
    { id: 1, host: NODE_HOST, port: 50_003, phase: 'joining' },
  ],
} as const;

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
