import type { FastifyInstance } from 'fastify';
import { bodyOf } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { jsonIn } from '../json-text.ts';
import { answerOf, BAD_JSON, type KvsAnswer, send } from './answers.ts';

/** The routes of a node that is its own view. @param address its own, as the view names it */
export function addNodeRoutes(app: FastifyInstance, ports: HttpPorts, address: string): void {
  app.get('/kvs/key-count', async (_, reply) =>
    send(
      reply,
      answerOf(200, { message: 'Key count retrieved successfully', 'key-count': ports.keyCount() }),
    ),
  );
  app.put('/kvs/view-change', async (http, reply) => {
    const view = viewIn(bodyOf(http));
    if ('status' in view) return send(reply, view);
    const isOwn = view.length === 1 && view[0] === address;
    return send(reply, isOwn ? changedTo(address, ports.keyCount()) : VIEW_REFUSED);
  });
}

/** The addresses of a body `{"view": "a,b,c"}`; what to answer where there are none. */
function viewIn(body: Buffer): readonly string[] | KvsAnswer {
  try {
    const { view } = jsonIn(body) as { readonly view?: unknown };
    return typeof view === 'string' ? view.split(',').map((word) => word.trim()) : VIEW_MISSING;
  } catch {
    return BAD_JSON;
  }
}

function changedTo(address: string, keys: number): KvsAnswer {
  return answerOf(200, { message: 'View change successful', shards: [{ address, 'key-count': keys }] });
}

const VIEW_MISSING = answerOf(400, { error: 'View is missing', message: 'Error in PUT' });

/** This node has no other nodes to share its keys with. */
const VIEW_REFUSED = answerOf(503, { error: 'Unable to satisfy request', message: 'Error in PUT' });
