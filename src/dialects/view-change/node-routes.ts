import type { FastifyInstance } from 'fastify';
import type { ControllerId } from '../../base/number-kinds.ts';
import { bodyOf } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { jsonIn } from '../json-text.ts';
import { answerOf, BAD_JSON, type KvsAnswer, send } from './answers.ts';

/** The routes of a node of `shards` that concern no key. @param view the addresses of all nodes, by their ids */
export function addNodeRoutes(app: FastifyInstance, ports: HttpPorts, view: readonly string[]): void {
  app.get('/kvs/key-count', async (_, reply) =>
    send(
      reply,
      answerOf(200, { message: 'Key count retrieved successfully', 'key-count': ports.keyCount() }),
    ),
  );
  app.put('/kvs/view-change', async (http, reply) => {
    const wanted = viewIn(bodyOf(http));
    if ('status' in wanted) return send(reply, wanted);
    if (!isSameView(wanted, view)) return send(reply, VIEW_REFUSED);
    const ids = wanted.map((address) => view.indexOf(address));
    const counts = await Promise.all(ids.map((id) => keyCountOf(id, ports)));
    if (counts.includes(null)) return send(reply, VIEW_REFUSED);
    return send(reply, changedTo(wanted, counts));
  });
}

/** How many keys a node has; null when it does not say so in time. */
async function keyCountOf(
  id: ControllerId,
  { self, keyCount, runCommands }: HttpPorts,
): Promise<number | null> {
  if (id === self) return keyCount();
  const answer = (await runCommands(id, 'stats\r\n')) ?? '';
  const [, count] = /^STAT curr_items (\d+)\r$/m.exec(answer) ?? [];
  return count === undefined ? null : Number(count);
}

/** Each node of the one is in the other, once. */
function isSameView(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
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

function changedTo(view: readonly string[], counts: readonly (number | null)[]): KvsAnswer {
  const shards = view.map((address, at) => ({ address, 'key-count': counts[at] }));
  return answerOf(200, { message: 'View change successful', shards });
}

const VIEW_MISSING = answerOf(400, { error: 'View is missing', message: 'Error in PUT' });

/** The keys of this view cannot be given to the nodes of another one. */
const VIEW_REFUSED = answerOf(503, { error: 'Unable to satisfy request', message: 'Error in PUT' });
