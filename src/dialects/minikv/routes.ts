import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import type { EntryPage, HttpPorts } from '../../http/http-ports.ts';
import { HttpProblem } from '../../http/problems.ts';
import { exceedsItemLimit } from '../../protocol/limits.ts';
import { readItemRequest, storageRequest } from '../../protocol/make-request.ts';
import type { ReadItemRequest } from '../../protocol/request.ts';
import { PatientRequests } from '../patient-requests.ts';
import { valueTextOf } from './json-value.ts';
import { pageOf } from './page.ts';

import { entryOf, KEY_PREFIXES, type MiniKvEntry, storedKeyOf, storedValueOf } from './stored-entry.ts';

/** The entries that are read at once for the page. */
const READ_AT_ONCE = 512;

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** The three routes of MiniKV, each a few requests of the cluster. */
export function miniKvRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const creation = new CreationTimes(() => ports.timeMs());

  app.get('/get', async (http, reply) => {
    const entry = await entryAt(patient(http), keyIn(http));
    return reply.type(JSON_TYPE).send(`{"value":${entry?.valueText ?? 'null'}}`);
  });

  app.post('/put', async (http, reply) => {
    const key = keyIn(http);
    const valueText = valueTextOf(bodyOf(http));
    const requests = patient(http);
    const before = await entryAt(requests, key);
    const entry = { key, createdAt: before?.createdAt ?? creation.next(), valueText };
    await requests.one(setRequest(entry, ports.bodyBytesMax));
    return reply.type(JSON_TYPE).send('{}');
  });

  app.get('/', async (http, reply) => {
    const entries = await allEntries(patient(http), ports);
    return reply.type(HTML_TYPE).send(pageOf(entries));
  });
}

/** Clients wait 2.0 s for an answer. */
function patient(http: FastifyRequest): PatientRequests {
  return new PatientRequests(http, ANSWERED_WITHIN_MS);
}

const ANSWERED_WITHIN_MS = 1_800;

/** @throws HttpProblem when the query names no key, or several */
function keyIn({ query }: FastifyRequest): string {
  const { key } = query as { readonly key?: string | readonly string[] };
  if (typeof key === 'string') return key;
  throw new HttpProblem(
    'MALFORMED',
    `the query has ${key === undefined ? 'no key' : 'several keys'}: ?key=...`,
  );
}

function readRequest(storedKey: string): ReadItemRequest {
  return { ...readItemRequest(storedKey), onlyLooks: true };
}

async function entryAt(requests: PatientRequests, key: string): Promise<MiniKvEntry | null> {
  const reply = await requests.one(readRequest(storedKeyOf(key)));
  return reply.kind === 'item' ? entryOf(reply.item.value) : null;
}

function setRequest(entry: MiniKvEntry, itemBytesMax: number) {
  const key = storedKeyOf(entry.key);
  const value = storedValueOf(entry);
  if (exceedsItemLimit(key.length, 0, value.length, itemBytesMax))
    throw new HttpProblem('VALUE_TOO_LARGE', `the entry would be larger than ${itemBytesMax} bytes`);
  return storageRequest('set', key, 0, 0, value);
}

async function allEntries(requests: PatientRequests, ports: HttpPorts): Promise<MiniKvEntry[]> {
  const entries: MiniKvEntry[] = [];
  for (const prefix of KEY_PREFIXES) {
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: EntryPage = ports.keyPage(prefix, cursor, READ_AT_ONCE)!;
      const replies =
        page.entries.length === 0 ? [] : await requests.all(page.entries.map(({ key }) => readRequest(key)));
      for (const reply of replies) {
        const entry = reply.kind === 'item' ? entryOf(reply.item.value) : null;
        if (entry !== null) entries.push(entry);
      }
      cursor = page.cursor;
    }
  }
  return entries;
}

/** Times for new keys, in microseconds since 1970, each larger than the one before. They order the page, and no more. */
class CreationTimes {
  readonly #nowMs: () => number;
  #last = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, this.#nowMs() * 1_000);
    return this.#last;
  }
}
