import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import type { FindOutcome } from '../../../src/replication/replica-reads.ts';
import type { Fetch, Fetched } from '../../../src/replication/restore/messages.ts';
import { Repair } from '../../../src/replication/restore/repair.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { setOf } from '../../support/effects.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { clockAt } from '../../support/ports.ts';

const WRITE = setOf('k', { time: 5, node: 0 }, { value: Buffer.from('value') });
const GONE = 'connection refused';

let sent: PeerMessage[];
let answers: FindOutcome[];
let replica: Replica;
let repair: Repair;

beforeEach(() => {
  sent = [];
  answers = [];
  const journal = new MemoryJournal();
  journal.record(WRITE);
  replica = new Replica(journal, new MemoryStore(), new HotEntries(0), () => 0);
  repair = new Repair({
    replica,
    bus: {
      send: () => {},
      sendToAll: (message) => sent.push(message),
      sendTo: () => {},
      isUp: () => true,
    },
    peers: () => [1, 2],
    clock: clockAt(() => 0),
    timeoutMs: 1_000,
  });
});

function find(trouble: string | null): number {
  repair.find(replica.journal.newest('k')!, trouble, (outcome) => answers.push(outcome));
  return (sent.at(-1) as Fetch).id;
}

const lost = () => repair.takeLosses().map(({ record }) => record.key);

const says = (id: number, outcome: Fetched['outcome']): Fetched => ({
  type: 'fetched',
  id,
  outcome,
  effect: outcome === 'found' ? WRITE : null,
});

describe('a value that the store does not give', () => {
  it('is lost when the store has lost it, and every peer', () => {
    const id = find(null);
    repair.onFetched(1, says(id, 'lost'));
    expect(lost()).toEqual([]);
    repair.onFetched(2, says(id, 'lost'));
    expect(lost()).toEqual(['k']);
  });

  it('is not lost when the store can’t be asked: it may have it when it is back', () => {
    const id = find(GONE);
    for (const peer of [1, 2]) repair.onFetched(peer, says(id, 'lost'));
    expect(lost()).toEqual([]);
    const reason = `the store is down: ${GONE}, and no other controller has the value`;
    expect(answers).toEqual([{ kind: 'failed', failure: { code: 'STORE_DOWN', reason } }]);
  });

  it.each([null, GONE])('is what the first peer says that has it (trouble: %s)', (trouble) => {
    const id = find(trouble);
    repair.onFetched(2, says(id, 'found'));
    expect(answers).toMatchObject([{ kind: 'found', entry: { value: WRITE.value, version: WRITE.version } }]);
  });

  it.each([null, GONE])('is an error while a peer can’t say (trouble: %s)', (trouble) => {
    const id = find(trouble);
    repair.onFetched(1, says(id, 'failed'));
    repair.onFetched(2, says(id, 'lost'));
    expect(lost()).toEqual([]);
    const code = trouble === null ? 'VALUE_LOST' : 'STORE_DOWN';
    const reason = expect.stringContaining('not every peer could be asked');
    expect(answers).toMatchObject([{ failure: { code, reason } }]);
  });
});
