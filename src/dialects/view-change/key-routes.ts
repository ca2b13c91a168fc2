import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import type { KeyRoute } from '../../http/key-requests.ts';
import { HttpProblem } from '../../http/problems.ts';
import { PatientRequests } from '../patient-requests.ts';
import { KEY_CHARACTERS_MAX, StoredValue, storedKeyOf } from '../stored-value.ts';
import {
  ADDED,
  DELETED,
  found,
  KEY_TOO_LONG,
  type KeyMethod,
  type KvsAnswer,
  mainIsDown,
  missing,
  send,
  UPDATED,
} from './answers.ts';
import { valueTextIn } from './key-body.ts';

/** Clients give a request some seconds; each is answered within this time, in milliseconds. */
const ANSWERED_WITHIN_MS = 4_000;

export const METHOD_UNSUPPORTED = 'This method is unsupported.';

/** The key is checked only where it is written: no other key can be there. */
type OnKey = (stored: StoredValue, http: FastifyRequest) => Promise<KvsAnswer>;

/**
 * The routes of a key.
 *
 * @param path ends in `:key`
 * @param view the addresses of all nodes, by their ids
 */
export function addKeyRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  path: string,
  view: readonly string[],
): void {
  const add = (method: KeyMethod, onKey: OnKey) =>
    app.route<KeyRoute>({
      method,
      url: path,
      handler: async (http, reply) => {
        const { key } = http.params;
        const flaw = method === 'PUT' ? flawOf(key, http) : null;
        if (flaw !== null) return send(reply, flaw);
        const stored = new StoredValue(new PatientRequests(http, ANSWERED_WITHIN_MS), key);
        try {
          return send(reply, await onKey(stored, http), { address: servedBy(key, ports, view) });
        } catch (error) {
          return send(reply, unlessDown(error, method));
        }
      },
    });

  add('PUT', async (stored, http) => {
    const valueText = valueTextIn(http) as string;
    return (await stored.write(valueText, ports.bodyBytesMax)) ? UPDATED : ADDED;
  });

  add('GET', async (stored) => {
    const valueText = await stored.read();
    return valueText === null ? missing('GET') : found(valueText);
  });

  add('DELETE', async (stored) => ((await stored.remove()) ? DELETED : missing('DELETE')));

  addUnsupportedMethods(app, path);
}

/** A key has a route for each method, so that no other one is answered as an unknown path. */
export function addUnsupportedMethods(app: FastifyInstance, path: string): void {
  app.route({
    method: ['POST', 'PATCH'],
    url: path,
    handler: async (_, reply) => reply.code(405).type('text/plain; charset=utf-8').send(METHOD_UNSUPPORTED),
  });
}

/** Why the entry cannot be written, whatever is there; null when it can. */
function flawOf(key: string, http: FastifyRequest): KvsAnswer | null {
  const valueText = valueTextIn(http);
  if (typeof valueText !== 'string') return valueText;
  return [...key].length > KEY_CHARACTERS_MAX ? KEY_TOO_LONG : null;
}

/** The node that carries out the requests for the key; null when this one does. */
export function servedBy(
  key: string,
  { askedFor, elsewhere }: HttpPorts,
  view: readonly string[],
): string | null {
  const stored = storedKeyOf(key);
  const node = askedFor(stored) ?? elsewhere(stored)?.[0];
  return node === undefined ? null : view[node]!;
}

/** The answer for an error that the interface has a word for. @throws any other error */
function unlessDown(error: unknown, method: KeyMethod): KvsAnswer {
  if (error instanceof HttpProblem && (error.status === 503 || error.status === 504))
    return mainIsDown(method);
  throw error;
}
