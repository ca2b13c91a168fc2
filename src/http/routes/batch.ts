import { type BatchOperation, requestOf } from '../batch-operations.ts';
import { resultOf } from '../batch-results.ts';
import { askAll } from '../key-requests.ts';
import { readOptionsIn } from '../request-headers.ts';
import { BATCH, BATCH_RESULTS, OPERATIONS_MAX } from '../schemas/batch.ts';
import { READ_HEADERS } from '../schemas/keys.ts';
import type { RouteGroup } from './route-group.ts';

/** Bytes of a body beside the values: keys, names of fields, the digits of base64. */
const BODY_BYTES_MIN = 1_048_576;

interface BatchRoute {
  Body: { readonly operations: readonly BatchOperation[] };
}

/** Many operations in one request, carried out in their order, in one session. Each has a result of its own. */
export const batchRoutes: RouteGroup = (app, ports) => {
  const bodyLimit = Math.max(BODY_BYTES_MIN, 2 * ports.bodyBytesMax);
  const schema = {
    operationId: 'batch',
    summary: `Up to ${OPERATIONS_MAX} operations on keys, in their order; each succeeds or fails alone`,
    tags: ['keys'],
    headers: READ_HEADERS,
    body: BATCH,
    response: { 200: BATCH_RESULTS },
  };
  app.post<BatchRoute>('/v1/batch', { schema, bodyLimit }, async (http, reply) => {
    const { operations } = http.body;
    const options = readOptionsIn(http.headers);
    // Each request has an object of its own to be told what served it.
    const requests = operations.map((operation) => requestOf(operation, structuredClone(options), ports));
    const replies = await askAll(http, reply, requests);
    return reply.send({ results: replies.map((one, at) => resultOf(one, operations[at]!)) });
  });
};
