import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { LoopbackFilter, whyNoFilter } from '../support/loopback-filter.ts';
import { askNode } from '../support/node-answer.ts';
import { NodeProcesses } from '../support/node-processes.ts';
import { ViewChangeClient } from '../support/view-change-client.ts';

const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];

/** Clients give up after this time, in milliseconds. */
const ANSWERED_WITHIN_MS = 5_000;

const processes = new NodeProcesses('view-change');

afterEach(() => processes.killAll());

/** Four nodes, of which each two have a half of the keys. */
async function startView() {
  const port = await freePort();
  const view = HOSTS.map((host) => `${host}:${port}`);
  const startNode = (at: number) =>
    processes.start({ ADDRESS: view[at]!, VIEW: view.join(), REPL_FACTOR: '2' });
  const started = view.map((_, at) => startNode(at));
  const same = { view: view.join(), 'repl-factor': 2 };
  for (const address of view)
    await eventually(async () =>
      expect((await askNode(address, 'PUT', '/kvs/view-change', same)).status).toBe(200),
    );
  return { port, nodes: view.map((address) => ({ address })), started, startNode };
}

async function countOf({ address }: { readonly address: string }): Promise<number> {
  const { body } = await askNode(address, 'GET', '/kvs/key-count');
  return (body as { readonly 'key-count': number })['key-count'];
}

/** The keys that the first two nodes have, and those of the others, by what a node says that has been asked. */
async function keysOfEach(node: { readonly address: string }, keys: readonly string[]) {
  const own: string[] = [];
  const others: string[] = [];
  for (const key of keys) {
    const { address } = await new ViewChangeClient().ask(node, 'GET', key);
    (address === null ? own : others).push(key);
  }
  return [own, others] as const;
}

async function within<Answer>(asking: Promise<Answer>): Promise<Answer> {
  const before = performance.now();
  const answer = await asking;
  expect(performance.now() - before).toBeLessThan(ANSWERED_WITHIN_MS);
  return answer;
}

describe('processes of replicas in two shards', () => {
  it('serve clients at all other nodes while one is killed, and give it its keys when it is back', async () => {
    const { nodes, started, startNode } = await startView();
    const others = nodes.slice(0, 3);
    const clients = Array.from({ length: 6 }, (_, number) => async () => {
      const client = new ViewChangeClient();
      for (let i = 0; i < 100; i++) {
        const key = `client${number}key${i % 10}`;
        expect(await client.put(others[(number + i) % 3]!, key, i)).toBe(i < 10 ? 201 : 200);
        expect(await client.get(others[(number + i + 1) % 3]!, key)).toEqual([200, i]);
      }
    });
    const working = Promise.all(clients.map((client) => client()));
    await processes.end(started[3]!, 'SIGKILL');
    await working;
    startNode(3);
    await eventually(async () => {
      const counts = await Promise.all(nodes.map(countOf));
      expect(counts[1]).toBe(counts[0]);
      expect(counts[3]).toBe(counts[2]);
      expect(counts[0]! + counts[2]!).toBe(60);
    });
    for (let number = 0; number < 6; number++)
      expect(await new ViewChangeClient().get(nodes[3]!, `client${number}key9`)).toEqual([200, 99]);
  });

  it.skipIf(whyNoFilter() !== null)(
    'serve all keys on both sides of a cut right after the first writes, which drops packets silently',
    async () => {
      const { port, nodes } = await startView();
      const [here, there] = [
        [nodes[0]!, nodes[2]!],
        [nodes[1]!, nodes[3]!],
      ];
      const keys = Array.from({ length: 10 }, (_, i) => `key${i}`);
      const first = new ViewChangeClient();
      for (const key of keys) expect(await first.put(nodes[0]!, key, 'before')).toBe(201);
      for (const node of nodes)
        for (const key of keys)
          await eventually(async () =>
            expect(await new ViewChangeClient().get(node, key)).toEqual([200, 'before']),
          );
      const known = { ...first.context };
      using filter = new LoopbackFilter(port);
      filter.cut(['127.0.0.2', '127.0.0.4'], ['127.0.0.3', '127.0.0.5']);
      // What the other side has got before the cut is read there with the context of its writes.
      for (const node of there)
        for (const key of keys) {
          const reader = new ViewChangeClient();
          reader.context = known;
          expect(await within(reader.get(node, key))).toEqual([200, 'before']);
        }
      for (const [name, side] of [
        ['here', here],
        ['there', there],
      ] as const) {
        const client = new ViewChangeClient();
        for (const [i, key] of keys.entries()) {
          const [writer, reader] = [side[i % 2]!, side[(i + 1) % 2]!];
          expect(await within(client.put(writer, key, name))).toBe(200);
          expect(await within(client.get(reader, key))).toEqual([200, name]);
          expect(await within(client.put(reader, `only${name}${i}`, i))).toBe(201);
        }
      }
      // The causal example, over two shards: x in the first, y in the second.
      const [[x], [y]] = (await keysOfEach(nodes[1]!, keys)) as [[string], [string]];
      const [ann, ben] = [new ViewChangeClient(), new ViewChangeClient()];
      expect(await within(ann.put(here[0]!, x, 2))).toBe(200);
      expect(await within(ann.put(there[1]!, y, 'after two'))).toBe(200);
      expect(await within(ben.get(there[0]!, y))).toEqual([200, 'after two']);
      for (const node of there) expect((await within(ben.get(node, x)))[0]).toBe(400);
      expect(await within(new ViewChangeClient().get(there[1]!, x))).toEqual([200, 'there']);
      expect(await within(ann.put(there[1]!, x, 3))).toBe(200);
      for (const node of there) expect(await within(ben.get(node, x))).toEqual([200, 3]);
      filter.heal();
      await eventually(async () => {
        for (const key of [...keys, 'onlyhere0', 'onlythere0']) {
          const answers = await Promise.all(nodes.map((node) => new ViewChangeClient().get(node, key)));
          expect(answers[0]![0]).toBe(200);
          for (const answer of answers) expect(answer).toEqual(answers[0]);
        }
        const counts = await Promise.all(nodes.map(countOf));
        expect([counts[0], counts[2]]).toEqual([counts[1], counts[3]]);
        expect(counts[0]! + counts[2]!).toBe(30);
      });
      for (const node of nodes) expect(await ann.get(node, x)).toEqual([200, 3]);
    },
  );
});
