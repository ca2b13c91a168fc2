import { keyOfSegment, textOfKey } from '../key-text.ts';
import type { HotKeyHere, KeyHere } from '../keys-here.ts';
import type { AskedAnswer } from '../other-controllers.ts';
import {
  COUNT,
  described,
  listOf,
  NUMBER,
  object,
  oneOf,
  orNull,
  TEXT,
  YES_OR_NO,
} from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

const KEY_HERE_FIELDS = {
  keyspace: TEXT,
  level: TEXT,
  state: oneOf('entry', 'expired', 'deleted', 'none', 'elsewhere'),
  version: orNull(described('the CAS token of the newest write', TEXT)),
  writtenAt: orNull(TEXT),
  writtenBy: orNull(COUNT),
  expiresAt: orNull(TEXT),
  valueBytes: orNull(COUNT),
  flags: orNull(COUNT),
  digest: orNull(described('SHA-256 of the value', TEXT)),
  valueIn: orNull(oneOf('store', 'journal', 'missing')),
};

export const KEY_HERE = object(KEY_HERE_FIELDS);

export const REPLICAS = object({
  key: TEXT,
  agree: orNull(
    described(
      'all controllers that answered, and have the shard of the key, hold the same; null when fewer than two did',
      YES_OR_NO,
    ),
  ),
  replicas: listOf(object({ controller: COUNT, address: TEXT, reason: TEXT, holds: orNull(KEY_HERE) })),
});

const HOT_KEY = object({ key: TEXT, keyspace: TEXT, readsPerSecond: NUMBER, writesPerSecond: NUMBER });

export const HOT_KEYS = object({ keys: listOf(HOT_KEY) });

const KEYSPACE_SIZES = object({ name: TEXT, keys: COUNT, valueBytes: COUNT, largestBytes: COUNT });

export const LARGE_KEYS = object({
  keys: listOf(object({ key: TEXT, keyspace: TEXT, valueBytes: COUNT })),
  keyspaces: listOf(KEYSPACE_SIZES),
  keysLookedAt: COUNT,
  keysTotal: COUNT,
  isComplete: described('all keys have been looked at', YES_OR_NO),
  ageSeconds: COUNT,
});

/** Keys that are told of the whole cluster. */
const HOT_KEYS_MAX = 50;

type WithKey = { readonly Params: { readonly key: string } };

/** What controllers hold for one key. */
export const keysHereRoutes: RouteGroup = (app, { keyHere }, others) => {
  const params = object({ key: { ...TEXT, minLength: 1 } });

  app.get<WithKey>('/v1/keys/:key/here', {
    schema: {
      operationId: 'keyHere',
      summary: 'What this controller holds for a key, whatever its level would let a client read',
      tags: ['keys'],
      params,
      response: { 200: KEY_HERE },
    },
    handler: async (request, reply) => reply.send(await keyHere(keyOfSegment(request.params.key))),
  });

  app.get<WithKey>('/v1/keys/:key/replicas', {
    schema: {
      operationId: 'replicasOfKey',
      summary: 'What every controller holds for a key, side by side, and whether they agree',
      tags: ['keys'],
      params,
      response: { 200: REPLICAS },
    },
    handler: async (request, reply) => {
      const key = keyOfSegment(request.params.key);
      const path = `/v1/keys/${textOfKey(key)}/here`;
      const answers = await others.askAll<KeyHere>(() => keyHere(key), path);
      const replicas = answers.map(({ body, ...from }) => ({ ...from, holds: body }));
      return reply.send({ key: textOfKey(key), agree: doAgree(answers), replicas });
    },
  });
};

/** The keys that are asked for most, and the largest. */
export const keyListRoutes: RouteGroup = (app, { hotKeys, largeKeys }, others) => {
  app.get('/v1/controllers/self/hot-keys', {
    schema: {
      operationId: 'hotKeysHere',
      summary: 'The keys that clients of this controller ask for most',
      tags: ['keys'],
      response: { 200: HOT_KEYS },
    },
    handler: (_, reply) => reply.send({ keys: hotKeys().map(withText) }),
  });

  app.get('/v1/hot-keys', {
    schema: {
      operationId: 'hotKeys',
      summary: 'The keys that clients of all controllers ask for most',
      tags: ['keys'],
      response: { 200: HOT_KEYS },
    },
    handler: async (_, reply) => {
      const own = () => ({ keys: hotKeys().map(withText) });
      const answers = await others.askAll<{ readonly keys: readonly HotKeyHere[] }>(
        own,
        '/v1/controllers/self/hot-keys',
      );
      return reply.send({ keys: sumOfHotKeys(answers.flatMap(({ body }) => body?.keys ?? [])) });
    },
  });

  app.get('/v1/large-keys', {
    schema: {
      operationId: 'largeKeys',
      summary: 'The keys with the largest values on this controller, by the last look at all keys',
      tags: ['keys'],
      response: { 200: LARGE_KEYS },
    },
    handler: async (_, reply) => {
      const report = await largeKeys();
      return reply.send({ ...report, keys: report.keys.map(withText) });
    },
  });
};

/** The same with the key as it stands in a URL. */
function withText<Told extends { readonly key: string }>(told: Told): Told {
  return { ...told, key: textOfKey(told.key) };
}

/** The fields by which replicas of a key are compared. Where a value was found is no difference. */
const COMPARED = ['state', 'version', 'expiresAt', 'valueBytes', 'flags', 'digest'] as const;

export function doAgree(answers: readonly AskedAnswer<KeyHere>[]): boolean | null {
  const holding = answers.flatMap(({ body }) => body ?? []).filter(({ state }) => state !== 'elsewhere');
  const [first, ...rest] = holding;
  if (first === undefined || rest.length === 0) return null;
  return rest.every((one) => COMPARED.every((field) => one[field] === first[field]));
}

/** The rates of all controllers together, the hottest first. */
function sumOfHotKeys(all: readonly HotKeyHere[]): HotKeyHere[] {
  const sums = new Map<string, HotKeyHere>();
  for (const one of all) {
    const sum = sums.get(one.key) ?? { ...one, readsPerSecond: 0, writesPerSecond: 0 };
    sums.set(one.key, {
      ...sum,
      readsPerSecond: rounded(sum.readsPerSecond + one.readsPerSecond),
      writesPerSecond: rounded(sum.writesPerSecond + one.writesPerSecond),
    });
  }
  const rateOf = ({ readsPerSecond, writesPerSecond }: HotKeyHere) => readsPerSecond + writesPerSecond;
  return [...sums.values()].sort((a, b) => rateOf(b) - rateOf(a)).slice(0, HOT_KEYS_MAX);
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}
