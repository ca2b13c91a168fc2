import { createHash } from 'node:crypto';
import { ERRORS } from '../../../base/error-codes.ts';
import { readItemRequest, storageRequest } from '../../../protocol/make-request.ts';
import type { Reply } from '../../../protocol/reply.ts';
import type { Request } from '../../../protocol/request.ts';
import { type CountAnswer, StepFailed } from './messages.ts';
import { pause } from './pause.ts';
import type { ServedEpoch } from './served-view.ts';

/** An entry on its way from one view to the other: the key in latin-1, the value as it is stored. */
export interface HandedEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** Entries that are read and stored at once. */
const BATCH_ENTRIES = 128;

/** Values that are on the way at once, in bytes; one value may be larger. */
export const BATCH_BYTES = 1_048_576;

/** How long to wait before a request is made again, in milliseconds. */
const PAUSE_MS = 20;

/** The entries that this node has in a view, and what tells them from others. */
export async function countEntries(epoch: ServedEpoch): Promise<CountAnswer> {
  const lines: string[] = [];
  for await (const page of pagesOf(epoch)) for (const { key, token } of page) lines.push(`${key} ${token}`);
  const hash = createHash('sha256');
  for (const line of lines.sort()) hash.update(`${line}\n`, 'latin1');
  return { keys: lines.length, digest: hash.digest('hex') };
}

/** The entries that this node has in a view, in batches. @throws StepFailed when one cannot be read by then */
export async function* entriesOf(epoch: ServedEpoch, endMs: number): AsyncGenerator<readonly HandedEntry[]> {
  for await (const page of pagesOf(epoch)) {
    let batch: HandedEntry[] = [];
    let bytes = 0;
    for (const { key } of page) {
      const [reply] = await askUntil(epoch, [{ ...readItemRequest(key), onlyLooks: true }], endMs);
      if (reply!.kind !== 'item') throw new StepFailed('an entry is gone although nothing is written');
      const { value } = reply!.item;
      if (batch.length > 0 && bytes + value.length > BATCH_BYTES) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push({ key, value });
      bytes += value.length;
    }
    if (batch.length > 0) yield batch;
  }
}

/**
 * Stores entries in a view that is empty but for what is handed over. An entry with an unknown outcome fails the
 * change, because its write could take effect after the writes of clients.
 *
 * @throws StepFailed
 */
export async function storeEntries(
  epoch: ServedEpoch,
  entries: readonly HandedEntry[],
  endMs: number,
): Promise<void> {
  const requests = entries.map(({ key, value }) => storageRequest('set', key, 0, 0, value));
  const replies = await askUntil(epoch, requests, endMs);
  for (const reply of replies)
    if (reply.kind !== 'outcome' || reply.outcome !== 'stored')
      throw new StepFailed(`an entry could not be stored: ${JSON.stringify(reply)}`);
}

async function* pagesOf({ ports }: ServedEpoch) {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = ports.keyPage('', cursor, BATCH_ENTRIES);
    if (page === null) throw new StepFailed('the entries of this node cannot be listed');
    if (page.entries.length > 0) yield page.entries;
    ({ cursor } = page);
    await pause(0);
  }
}

/** Makes requests again that were refused without effect. @returns the replies, none of which is such a refusal */
async function askUntil(
  epoch: ServedEpoch,
  requests: readonly Request[],
  endMs: number,
): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  let left = [...requests.keys()];
  while (left.length > 0) {
    const leftMs = Math.ceil(endMs - performance.now());
    if (leftMs <= 0) throw new StepFailed('there was no time left');
    const given = await ask(
      epoch,
      left.map((at) => requests[at]!),
      leftMs,
    );
    const again = left.filter((_, at) => mayPass(given[at]!));
    for (const [at, index] of left.entries()) replies[index] = given[at]!;
    left = again;
    if (left.length > 0) await pause(PAUSE_MS);
  }
  const failed = replies.find(({ kind }) => kind === 'server_error');
  if (failed !== undefined) throw new StepFailed(`a request failed: ${JSON.stringify(failed)}`);
  return replies;
}

function mayPass(reply: Reply): boolean {
  return reply.kind === 'server_error' && !ERRORS[reply.code].mayHaveHappened;
}

function ask(
  { client }: ServedEpoch,
  requests: readonly Request[],
  withinMs: number,
): Promise<readonly Reply[]> {
  const asking = client();
  return new Promise((resolve) => {
    asking.begin(() =>
      asking.ask(requests, withinMs, (replies) => {
        asking.end();
        asking.destroy();
        resolve(replies);
      }),
    );
  });
}
