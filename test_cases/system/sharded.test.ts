import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { askNode } from '../support/node-answer.ts';
import { NodeProcesses } from '../support/node-processes.ts';

const KEYS = 600;

const processes = new NodeProcesses('sharded');

afterEach(() => processes.killAll());

/** What the node answers at this path, under this name. */
async function told(address: string, path: string, name: string): Promise<unknown> {
  const { status, body } = await askNode(address, 'GET', `/key-value-store-${path}`);
  expect(status).toBe(200);
  return (body as Record<string, unknown>)[name];
}

interface KeyBody {
  readonly value?: unknown;
  readonly 'causal-metadata'?: string;
}

describe('processes of the sharded store', () => {
  it('take in nodes that start later, and lose and take back one that is killed', async () => {
    const port = await freePort();
    const view = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((host) => `${host}:${port}`);
    const start = (at: number) =>
      processes.start(
        { SOCKET_ADDRESS: view[at]!, VIEW: view.join(), SHARD_COUNT: '1' },
        '--list-format',
        'array',
      );
    const isView = (expected: readonly string[]) => async () => {
      for (const address of expected) expect(await told(address, 'view', 'view')).toEqual(expected);
    };

    start(0);
    await eventually(isView(view.slice(0, 1)));
    const early = await askNode(view[0]!, 'PUT', '/key-value-store/early', { value: 'bird' });
    expect(early.status).toBe(201);
    start(1);
    const last = start(2);
    await eventually(isView(view));
    const metadata = (early.body as KeyBody)['causal-metadata'];
    expect(
      await askNode(view[2]!, 'GET', '/key-value-store/early', { 'causal-metadata': metadata }),
    ).toMatchObject({
      status: 200,
      body: { value: 'bird' },
    });

    // Each key on the next node in turn, the metadata handed on; then read on another node.
    let handedOn = '';
    for (let i = 0; i < KEYS; i++) {
      const given = { value: i, 'causal-metadata': handedOn };
      const { status, body } = await askNode(view[i % 3]!, 'PUT', `/key-value-store/key${i}`, given);
      expect(status).toBe(201);
      handedOn = (body as KeyBody)['causal-metadata']!;
    }
    for (let i = 0; i < KEYS; i++) {
      const given = { 'causal-metadata': handedOn };
      const { body } = await askNode(view[(i + 1) % 3]!, 'GET', `/key-value-store/key${i}`, given);
      expect(body).toMatchObject({ value: i, 'causal-metadata': handedOn });
    }
    const counts = () =>
      Promise.all(view.map((address) => told(address, 'shard/shard-id-key-count/1', 'shard-id-key-count')));
    await eventually(async () => expect(await counts()).toEqual([KEYS + 1, KEYS + 1, KEYS + 1]));

    await processes.end(last, 'SIGKILL');
    await eventually(isView(view.slice(0, 2)));
    const missed = await askNode(view[0]!, 'PUT', '/key-value-store/missed', { value: 1 });
    expect(missed.status).toBe(201);
    start(2);
    await eventually(isView(view));
    await eventually(async () => expect(await counts()).toEqual([KEYS + 2, KEYS + 2, KEYS + 2]));
    expect(await askNode(view[2]!, 'GET', '/key-value-store/missed')).toMatchObject({ body: { value: 1 } });
  });
});
