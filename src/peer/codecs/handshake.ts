import type { Hello, Proof, Refusal, Welcome } from '../messages.ts';
import type { Codec } from './codec.ts';
import { readId, writeIdAndNumber } from './fields.ts';

/** The messages of a handshake in bytes. */

export const hello: Codec<Hello> = {
  write(w, m) {
    w.text(m.cluster);
    writeIdAndNumber(w, m.node, m.incarnation);
    w.text(m.placement);
    w.text(m.peers);
    w.bytes(m.nonce);
    w.u8(m.hasSecret ? 1 : 0);
    w.u8(m.onNetwork ? 1 : 0);
  },
  read: (r) => ({
    type: 'hello',
    cluster: r.text(),
    node: readId(r),
    incarnation: r.lower53(),
    placement: r.text(),
    peers: r.text(),
    nonce: r.bytes(),
    hasSecret: r.u8() === 1,
    onNetwork: r.u8() === 1,
  }),
};

export const proof: Codec<Proof> = {
  write(w, m) {
    w.bytes(m.mac);
    w.text(m.refusal);
  },
  read: (r) => ({ type: 'proof', mac: r.bytes(), refusal: r.text() }),
};

export const welcome: Codec<Welcome> = { write: () => {}, read: () => ({ type: 'welcome' }) };

export const refusal: Codec<Refusal> = {
  write(w, m) {
    w.text(m.reason);
    w.u8(m.idTaken ? 1 : 0);
  },
  read: (r) => ({ type: 'refusal', reason: r.text(), idTaken: r.u8() === 1 }),
};
