import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpPorts } from '../../http/http-ports.ts';
import type { KeyRoute } from '../../http/key-requests.ts';
import { HttpProblem } from '../../http/problems.ts';
import { PatientRequests } from '../patient-requests.ts';
import { KEY_CHARACTERS_MAX } from '../stored-value.ts';
import { failed, missing, SHARD_UNREACHABLE, type ShardedAnswer, send, unable } from './answers.ts';
import { CausalEntry } from './causal-entry.ts';
import { fieldsIn, metadataIn, valueTextIn } from './request-body.ts';
import { type ShardedNode, shardOfKey } from './sharded-node.ts';

type KeyMethod = 'PUT' | 'GET' | 'DELETE';

const PATH = '/key-value-store';

/** A node that is only late is not taken for one that is down: so long it is tried to reach, in milliseconds. */
const REACHED_WITHIN_MS = 2_000;

/** The routes of a key. */
export function addKeyRoutes(app: FastifyInstance, ports: HttpPorts, node: ShardedNode): void {
  const add = (
    method: KeyMethod,
    onKey: (entry: CausalEntry, http: FastifyRequest<KeyRoute>) => Promise<ShardedAnswer>,
  ) =>
    app.route<KeyRoute>({
      method,
      url: `${PATH}/:key`,
      handler: async (http, reply) => {
        try {
          return send(reply, flawOf(method, http) ?? (await onKey(entryOf(http, node.causalWaitMs), http)));
        } catch (error) {
          return send(reply, inWords(error, method));
        }
      },
    });

  add('PUT', async (entry, http) => {
    const valueText = valueTextIn(fieldsIn(http))!;
    const { isReplaced, version } = await entry.write(valueText, ports.bodyBytesMax);
    const message = isReplaced ? 'Updated successfully' : 'Added successfully';
    const body = { message, replaced: isReplaced, version, ...causal(entry, http) };
    return { status: isReplaced ? 200 : 201, body };
  });

  add('GET', async (entry, http) => {
    const found = await entry.read();
    if (found === null) return missing('GET');
    const { valueText, version } = found;
    const rest = JSON.stringify({ version, ...causal(entry, http) }).slice(1);
    return {
      status: 200,
      body: `{"doesExist":true,"message":"Retrieved successfully","value":${valueText},${rest}`,
    };
  });

  add('DELETE', async (entry, http) => {
    const version = await entry.remove();
    if (version === null) return missing('DELETE');
    return {
      status: 200,
      body: { doesExist: true, message: 'Deleted successfully', version, ...causal(entry, http) },
    };
  });

  const withoutKey = async ({ method }: FastifyRequest, reply: FastifyReply) =>
    send(reply, failed(400, 'Key not specified', method));
  app.route({ method: ['PUT', 'GET', 'DELETE'], url: `${PATH}/`, handler: withoutKey });

  function causal({ metadata }: CausalEntry, { params }: FastifyRequest<KeyRoute>): object {
    const shard = shardOfKey(params.key, node, ports);
    return { 'causal-metadata': metadata, 'shard-id': node.format.number(shard) };
  }
}

function entryOf(http: FastifyRequest<KeyRoute>, causalWaitMs: number): CausalEntry {
  return new CausalEntry(
    new PatientRequests(http, causalWaitMs, { SHARD_UNAVAILABLE: REACHED_WITHIN_MS }),
    http.params.key,
    metadataIn(fieldsIn(http)),
  );
}

/** Why the entry cannot be written, whatever is there; null when it can. The value is looked at before the key. */
function flawOf(method: KeyMethod, http: FastifyRequest<KeyRoute>): ShardedAnswer | null {
  if (method !== 'PUT') return null;
  if (valueTextIn(fieldsIn(http)) === null) return failed(400, 'Value is missing', method);
  return [...http.params.key].length > KEY_CHARACTERS_MAX ? failed(400, 'Key is too long', method) : null;
}

/** The answer for an error that the interface has a word for. @throws any other error */
function inWords(error: unknown, method: KeyMethod): ShardedAnswer {
  if (!(error instanceof HttpProblem)) throw error;
  if (error.code === 'MALFORMED') return failed(400, 'Bad json format', method);
  if (error.status === 400) return failed(400, 'Causal metadata is not valid', method);
  if (error.code === 'SHARD_UNAVAILABLE') return SHARD_UNREACHABLE;
  if (error.status === 503 || error.status === 504) return unable(method);
  throw error;
}
