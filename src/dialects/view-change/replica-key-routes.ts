import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import type { KeyRoute } from '../../http/key-requests.ts';
import { HttpProblem } from '../../http/problems.ts';
import { PatientRequests } from '../patient-requests.ts';
import { KEY_CHARACTERS_MAX } from '../stored-value.ts';
import {
  ADDED,
  type AnswerDetails,
  DELETED,
  found,
  KEY_TOO_LONG,
  type KeyMethod,
  type KvsAnswer,
  missing,
  send,
  UPDATED,
  unable,
} from './answers.ts';
import { contextIn, valueTextIn } from './key-body.ts';
import { addUnsupportedMethods, servedBy } from './key-routes.ts';
import { SessionValue } from './session-value.ts';

/** Clients give up after 5 s; each request is answered within this time, in milliseconds. */
const ANSWERED_WITHIN_MS = 4_000;

const PATH = '/kvs/keys/:key';

type OnKey = (stored: SessionValue, http: FastifyRequest) => Promise<KvsAnswer>;

/** The routes of a key in `replicas`. @param view the addresses of all nodes, by their ids */
export function addReplicaKeyRoutes(app: FastifyInstance, ports: HttpPorts, view: readonly string[]): void {
  const add = (method: KeyMethod, onKey: OnKey) =>
    app.route<KeyRoute>({
      method,
      url: PATH,
      handler: async (http, reply) => {
        const { key } = http.params;
        const requests = new PatientRequests(http, ANSWERED_WITHIN_MS, { SESSION_AHEAD: 0 });
        const stored = new SessionValue(requests, key, contextIn(http));
        const details = (address: string | null): AnswerDetails => ({ address, context: contextOf(stored) });
        try {
          const answer = flawOf(method, key, http) ?? (await onKey(stored, http));
          return send(reply, answer, details(servedBy(key, ports, view)));
        } catch (error) {
          return send(reply, unlessUnable(error, method), details(null));
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

  addUnsupportedMethods(app, PATH);
}

/** What the client sends with its next request. */
function contextOf({ token }: SessionValue): object {
  return token === null ? {} : { session: token };
}

/** Why the entry cannot be written, whatever is there; null when it can. The key is looked at before the value. */
function flawOf(method: KeyMethod, key: string, http: FastifyRequest): KvsAnswer | null {
  if (method !== 'PUT') return null;
  if ([...key].length > KEY_CHARACTERS_MAX) return KEY_TOO_LONG;
  const valueText = valueTextIn(http);
  return typeof valueText === 'string' ? null : valueText;
}

/** The answer for an error that the interface has a word for. @throws any other error */
function unlessUnable(error: unknown, method: KeyMethod): KvsAnswer {
  if (!(error instanceof HttpProblem)) throw error;
  // What the client has read elsewhere is not here: an older value would break causality.
  if (error.code === 'SESSION_AHEAD' && method === 'GET') return unable(400, method);
  if (error.status === 503 || error.status === 504) return unable(503, method);
  throw error;
}
