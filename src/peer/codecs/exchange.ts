import type {
  SyncComplete,
  SyncLapsed,
  SyncNext,
  SyncRequest,
  SyncResponse,
  SyncShows,
} from '../../replication/exchange/messages.ts';
import type { Codec } from './codec.ts';
import {
  readAttached,
  readEffects,
  readNumbers,
  readStretches,
  writeAttached,
  writeEffects,
  writeNumbers,
  writeStretches,
} from './fields.ts';

/** The messages of an exchange in bytes. */

export const syncRequest: Codec<SyncRequest> = {
  write(w, m) {
    w.u32(m.exchange);
    writeNumbers(w, m.known);
    writeNumbers(w, m.forgotten);
    w.u8(m.empty ? 1 : 0);
  },
  read: (r) => ({
    type: 'sync-request',
    exchange: r.u32(),
    known: readNumbers(r),
    forgotten: readNumbers(r),
    empty: r.u8() === 1,
  }),
};

export const syncLapsed: Codec<SyncLapsed> = {
  write: (w, m) => w.u32(m.exchange),
  read: (r) => ({ type: 'sync-lapsed', exchange: r.u32() }),
};

export const syncResponse: Codec<SyncResponse> = {
  write(w, m) {
    w.u32(m.exchange);
    w.u53(m.total);
    writeNumbers(w, m.forgotten);
    writeEffects(w, m.effects);
  },
  read: (r) => ({
    type: 'sync-response',
    exchange: r.u32(),
    total: r.u53(),
    forgotten: readNumbers(r),
    effects: readEffects(r),
  }),
};

export const syncNext: Codec<SyncNext> = {
  write: (w, m) => w.u32(m.exchange),
  read: (r) => ({ type: 'sync-next', exchange: r.u32() }),
};

export const syncComplete: Codec<SyncComplete> = {
  write(w, m) {
    w.u32(m.exchange);
    writeNumbers(w, m.known);
  },
  read: (r) => ({ type: 'sync-complete', exchange: r.u32(), known: readNumbers(r) }),
};

export const syncShows: Codec<SyncShows> = {
  write(w, m) {
    w.u32(m.exchange);
    writeStretches(w, m.shows);
    writeStretches(w, m.lacks);
    writeAttached(w, m.attached);
  },
  read: (r) => ({
    type: 'sync-shows',
    exchange: r.u32(),
    shows: readStretches(r),
    lacks: readStretches(r),
    attached: readAttached(r),
  }),
};
