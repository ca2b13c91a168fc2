import { expect, it } from 'vitest';
import { MemoryJournal } from '../../../src/journal/memory-journal.ts';
import { VersionVector } from '../../../src/ordering/version-vector.ts';
import { AntiEntropy } from '../../../src/replication/exchange/anti-entropy.ts';
import type { ExchangeMessage } from '../../../src/replication/exchange/messages.ts';
import { Replica } from '../../../src/replication/replica.ts';
import { HotEntries } from '../../../src/store/hot-entries.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { clockAt, NO_LOG } from '../../support/ports.ts';

const GAP_AFTER_MS = 1_000;

/** A controller that has completed an exchange with its peer, which answers the next one with `sync-lapsed`. */
class Asker {
  nowMs = 0;
  /** The peer's run. */
  run = 1;
  readonly did: string[] = [];
  readonly #sent: ExchangeMessage[] = [];
  readonly #exchange: AntiEntropy;

  constructor() {
    const known = VersionVector.zero(2);
    this.#exchange = new AntiEntropy({
      node: 0,
      mayTake: () => true,
      afterPending: () => false,
      isAuthority: false,
      whole: null,
      startEmpty: () => void this.did.push('started empty'),
      refuse: () => void this.did.push('refused'),
      incarnationOf: () => this.run,
      gapAfterMs: GAP_AFTER_MS,
      bus: {
        send: (_to, message) => void this.#sent.push(message),
        sendToAll: () => {},
        sendTo: () => {},
        isUp: () => true,
      },
      replica: new Replica(new MemoryJournal(), new MemoryStore(), new HotEntries(0), () => 0),
      vector: known,
      known: () => known,
      clock: clockAt(() => this.nowMs),
      merge: () => {},
      onExchanged: () => {},
      nameOf: (peer) => `peer ${peer}`,
      log: NO_LOG,
    });
    this.#ask('sync-complete');
  }

  /** The peer says that this controller has missed deletions. */
  lapse(): void {
    this.#ask('sync-lapsed');
  }

  #ask(answer: 'sync-complete' | 'sync-lapsed'): void {
    this.#exchange.pull(1);
    const request = this.#sent.pop();
    if (request?.type !== 'sync-request') throw new Error('the controller has asked for nothing');
    const { exchange } = request;
    this.#exchange.onMessage(
      1,
      answer === 'sync-lapsed' ? { type: answer, exchange } : { type: answer, exchange, known: [0, 0] },
    );
  }
}

it('a peer that has forgotten deletions too early is refused', () => {
  const asker = new Asker();
  asker.nowMs = GAP_AFTER_MS - 1;
  asker.lapse();
  expect(asker.did).toEqual(['refused']);
});

it('a controller that was not heard for long starts empty', () => {
  const asker = new Asker();
  asker.nowMs = GAP_AFTER_MS;
  asker.lapse();
  expect(asker.did).toEqual(['started empty']);
});

it('a controller believes another run of the peer, which may have started empty, at once', () => {
  const asker = new Asker();
  asker.run = 2;
  asker.lapse();
  expect(asker.did).toEqual(['started empty']);
});
