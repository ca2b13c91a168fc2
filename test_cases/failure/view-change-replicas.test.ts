import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { LoopbackFilter, whyNoFilter } from '../support/loopback-filter.ts';
import { askNode } from '../support/node-answer.ts';
import { NodeProcesses } from '../support/node-processes.ts';

const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];

/** How long a cut has lasted before its effects are looked at, in milliseconds. */
const CUT_MS = 1_500;

const processes = new NodeProcesses('view-change');

afterEach(() => processes.killAll());

interface Body {
  readonly 'causal-context'?: object;
  readonly value?: unknown;
}

/** A client that sends the causal context of each answer with its next request. */
class Client {
  #context: object = {};

  async ask(address: string, method: string, key: string, value?: unknown) {
    const given = { 'causal-context': this.#context, ...(value === undefined ? {} : { value }) };
    const { status, body } = await askNode(address, method, `/kvs/keys/${key}`, given);
    this.#context = (body as Body)['causal-context']!;
    return { status, value: (body as Body).value };
  }
}

async function startView() {
  const port = await freePort();
  const view = HOSTS.map((host) => `${host}:${port}`);
  const startNode = (at: number) =>
    processes.start({ ADDRESS: view[at]!, VIEW: view.join(), REPL_FACTOR: String(view.length) });
  const nodes = view.map((_, at) => startNode(at));
  for (const address of view)
    await eventually(async () => (await askNode(address, 'GET', '/kvs/keys/none')).status === 404);
  return { port, view, nodes, startNode };
}

const countOf = async (address: string) =>
  ((await askNode(address, 'GET', '/kvs/key-count')).body as { readonly 'key-count': number })['key-count'];

describe('processes of replicas', () => {
  it('serve clients at all nodes while one is killed, and give it all keys when it is back', async () => {
    const { view, nodes, startNode } = await startView();
    const clients = Array.from({ length: 6 }, (_, number) => async () => {
      const client = new Client();
      for (let i = 0; i < 100; i++) {
        // The third node is the one that is killed.
        const [writer, reader] = [view[(number + i) % 2]!, view[(number + i + 1) % 2]!];
        const key = `client${number}key${i % 10}`;
        expect((await client.ask(writer, 'PUT', key, i)).status).toBe(i < 10 ? 201 : 200);
        expect(await client.ask(reader, 'GET', key)).toEqual({ status: 200, value: i });
      }
    });
    const working = Promise.all(clients.map((client) => client()));
    await processes.end(nodes[2]!, 'SIGKILL');
    await working;
    startNode(2);
    for (const address of view) await eventually(async () => expect(await countOf(address)).toBe(60));
    for (let number = 0; number < 6; number++)
      expect(await new Client().ask(view[2]!, 'GET', `client${number}key9`)).toEqual({
        status: 200,
        value: 99,
      });
  });

  it.skipIf(whyNoFilter() !== null)(
    'go on at both sides of a cut that drops packets silently, step by step of the causal example',
    async () => {
      const { port, view } = await startView();
      const [here, there, third] = view as [string, string, string];
      const [ann, ben] = [new Client(), new Client()];
      await ann.ask(here, 'PUT', 'x', 1);
      for (const address of view)
        await eventually(async () => expect((await new Client().ask(address, 'GET', 'x')).value).toBe(1));
      using filter = new LoopbackFilter(port);
      filter.cut(HOSTS.slice(0, 1), HOSTS.slice(1));
      expect((await ann.ask(here, 'PUT', 'x', 2)).status).toBe(200);
      expect((await ann.ask(there, 'PUT', 'y', 'after two')).status).toBe(201);
      await sleep(CUT_MS);
      expect(await ben.ask(there, 'GET', 'y')).toEqual({ status: 200, value: 'after two' });
      expect((await ben.ask(there, 'GET', 'x')).status).toBe(400);
      expect(await new Client().ask(there, 'GET', 'x')).toEqual({ status: 200, value: 1 });
      expect((await new Client().ask(here, 'GET', 'y')).status).toBe(404);
      expect((await new Client().ask(here, 'PUT', 'y', 'new here')).status).toBe(201);
      expect((await ann.ask(third, 'PUT', 'x', 3)).status).toBe(200);
      await eventually(async () =>
        expect(await ben.ask(there, 'GET', 'x')).toEqual({ status: 200, value: 3 }),
      );
      filter.heal();
      await eventually(async () => {
        for (const key of ['x', 'y']) {
          const answers = await Promise.all(view.map((address) => new Client().ask(address, 'GET', key)));
          for (const answer of answers) expect(answer).toEqual(answers[0]);
          expect(answers[0]!.status).toBe(200);
        }
        for (const address of view) expect(await countOf(address)).toBe(2);
      });
      expect(await ann.ask(here, 'GET', 'x')).toEqual({ status: 200, value: 3 });
    },
  );
});
