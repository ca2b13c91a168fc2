import { FrameError } from '../../base/byte-writer.ts';
import { numbering } from '../../base/numbering.ts';
import type {
  Accept,
  Accepted,
  ConfigurationTold,
  Configured,
  GoesBy,
  Granted,
  Install,
  InstalledTold,
  Placed,
  Prepare,
  Promised,
  Rejected,
  Retired,
  ViewPartTold,
} from '../../membership/messages.ts';
import type { Codec } from './codec.ts';
import {
  readAcceptorState,
  readBallot,
  readConfiguration,
  readEffects,
  readIdAndVersion,
  readMembers,
  readNumbers,
  readVersion,
  wordOf,
  writeAcceptorState,
  writeBallot,
  writeConfiguration,
  writeEffects,
  writeIdAndVersion,
  writeMembers,
  writeNumbers,
  writeVersion,
} from './fields.ts';
import { readPlacement, writePlacement } from './placement.ts';

/** The messages about views and leases in bytes. */

/** The bits of a byte. */
const PART_BITS = { transferring: 1, caughtUp: 2, isStalling: 4 } as const;

export const viewPart: Codec<ViewPartTold> = {
  write(w, m) {
    w.u53(m.askedMs);
    writeBallot(w, m.installed);
    writeAcceptorState(w, m.acceptor);
    const bitOf = (name: keyof typeof PART_BITS) => (m[name] ? PART_BITS[name] : 0);
    w.u8(bitOf('transferring') | bitOf('caughtUp') | bitOf('isStalling'));
    writeNumbers(w, m.onProbation);
  },
  read(r) {
    const [askedMs, installed, acceptor, bits] = [r.u53(), readBallot(r), readAcceptorState(r), r.u8()];
    const has = (name: keyof typeof PART_BITS) => (bits & PART_BITS[name]) !== 0;
    return {
      type: 'view-part',
      askedMs,
      installed,
      acceptor,
      transferring: has('transferring'),
      caughtUp: has('caughtUp'),
      isStalling: has('isStalling'),
      onProbation: readNumbers(r),
    };
  },
};

export const granted: Codec<Granted> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    w.u53(m.askedMs);
    w.u53(m.forMs);
  },
  read: (r) => ({ type: 'granted', ballot: readBallot(r), askedMs: r.u53(), forMs: r.u53() }),
};

export const prepare: Codec<Prepare> = {
  write: (w, m) => writeBallot(w, m.ballot),
  read: (r) => ({ type: 'prepare', ballot: readBallot(r) }),
};

export const promised: Codec<Promised> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    writeAcceptorState(w, m.acceptor);
    writeVersion(w, m.applied);
    writeNumbers(w, m.leasesMs);
    writeNumbers(w, m.hears);
    w.u8(m.caughtUp ? 1 : 0);
    w.u8(m.journalFails ? 1 : 0);
    writeEffects(w, m.queue);
    w.u8(m.partial ? 1 : 0);
  },
  read: (r) => ({
    type: 'promised',
    ballot: readBallot(r),
    acceptor: readAcceptorState(r),
    applied: readVersion(r),
    leasesMs: readNumbers(r),
    hears: readNumbers(r),
    caughtUp: r.u8() === 1,
    journalFails: r.u8() === 1,
    queue: readEffects(r),
    partial: r.u8() === 1,
    placement: null,
    configuration: null,
  }),
};

export const rejected: Codec<Rejected> = {
  write: (w, m) => writeBallot(w, m.promised),
  read: (r) => ({ type: 'rejected', promised: readBallot(r) }),
};

export const accept: Codec<Accept> = {
  write(w, m) {
    writeBallot(w, m.ballot);
    writeMembers(w, m.members);
    writeNumbers(w, m.sources);
    writeIdAndVersion(w, m.donor, m.donorApplied);
    writeEffects(w, m.union);
    w.text(m.reason);
  },
  read(r) {
    const [ballot, members, sources] = [readBallot(r), readMembers(r), readNumbers(r)];
    const [donor, donorApplied] = readIdAndVersion(r);
    return {
      type: 'accept',
      ballot,
      members,
      sources,
      donor,
      donorApplied,
      union: readEffects(r),
      reason: r.text(),
      placement: null,
      configuration: null,
    };
  },
};

export const accepted: Codec<Accepted> = {
  write: (w, m) => writeBallot(w, m.ballot),
  read: (r) => ({ type: 'accepted', ballot: readBallot(r) }),
};

export const install: Codec<Install> = {
  write: (w, m) => writeBallot(w, m.ballot),
  read: (r) => ({ type: 'install', ballot: readBallot(r) }),
};

/** The kinds of messages that carry a placement, by their numbers here. */
const PLACED = numbering<Placed['message']['type']>({ promised: 0, accept: 1 });

export const placed: Codec<Placed> = {
  write(w, { placement, message }) {
    writePlacement(w, placement);
    w.u8(PLACED.numberOf[message.type]);
    if (message.type === 'promised') promised.write(w, message);
    else accept.write(w, message);
  },
  read(r) {
    const placement = readPlacement(r);
    const isPromise = wordOf(PLACED, r.u8()) === 'promised';
    return { type: 'placed', placement, message: isPromise ? promised.read(r) : accept.read(r) };
  },
};

/** The messages that carry a configuration, by their numbers here. */
const CONFIGURED = numbering<Configured['message']['type']>({ promised: 0, accept: 1, placed: 2 });

export const configured: Codec<Configured> = {
  write(w, { configuration, message }) {
    writeConfiguration(w, configuration);
    w.u8(CONFIGURED.numberOf[message.type]);
    if (message.type === 'promised') promised.write(w, message);
    else if (message.type === 'accept') accept.write(w, message);
    else placed.write(w, message);
  },
  read(r) {
    const configuration = readConfiguration(r);
    const kind = wordOf(CONFIGURED, r.u8());
    const codec = kind === 'promised' ? promised : kind === 'accept' ? accept : placed;
    return { type: 'configured', configuration, message: codec.read(r) };
  },
};

export const retired: Codec<Retired> = {
  write: (w, m) => w.u53(m.epoch),
  read: (r) => ({ type: 'retired', epoch: r.u53() }),
};

export const configuration: Codec<ConfigurationTold> = {
  write: (w, m) => writeConfiguration(w, m.configuration),
  read: (r) => ({ type: 'configuration', configuration: readConfiguration(r) }),
};

export const installed: Codec<InstalledTold> = {
  write(w, { placement, configuration }) {
    w.u8((placement === null ? 0 : WITH_PLACEMENT) + (configuration === null ? 0 : WITH_CONFIGURATION));
    if (placement !== null) writePlacement(w, placement);
    if (configuration !== null) writeConfiguration(w, configuration);
  },
  read(r) {
    const has = r.u8();
    if (has > WITH_PLACEMENT + WITH_CONFIGURATION)
      throw new FrameError('what is installed has a part that is unknown');
    return {
      type: 'installed',
      placement: (has & WITH_PLACEMENT) === 0 ? null : readPlacement(r),
      configuration: (has & WITH_CONFIGURATION) === 0 ? null : readConfiguration(r),
    };
  },
};

export const goesBy: Codec<GoesBy> = {
  write(w, { placement, configuration, hears }) {
    for (const { epoch, digest } of [placement, configuration]) {
      w.u53(epoch);
      w.u53(digest);
    }
    writeNumbers(w, hears);
  },
  read(r) {
    const stamp = () => ({ epoch: r.u53(), digest: r.u53() });
    const [placement, configuration] = [stamp(), stamp()];
    return { type: 'goes-by', placement, configuration, hears: readNumbers(r) };
  },
};

const WITH_PLACEMENT = 1;
const WITH_CONFIGURATION = 2;
