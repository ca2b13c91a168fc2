import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { HANGS_AFTER_MS } from '../support/hang.ts';
import { describeWithMemcached, Memcached } from '../support/memcached.ts';
import { PROTOCOL_CASES, type ProtocolCase } from '../support/protocol-cases.ts';
import { TextClient } from '../support/text-client.ts';

/** How long a connection that should stay open is watched after its last answer, in milliseconds. */
const QUIET_MS = 25;
const ANSWER_WITHIN_MS = HANGS_AFTER_MS;

interface Transcript {
  readonly output: string;
  readonly closes: boolean;
}

/** Sends the input over a connection of its own, and listens until the server closes it or falls silent. */
async function transcribe(port: number, { input, output, closes }: ProtocolCase): Promise<Transcript> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  let bytes = 0;
  const closed = new Promise<boolean>((resolve) => {
    let timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
    const awaitQuiet = (): void => {
      if (closes || bytes < output.length) return;
      clearTimeout(timer);
      timer = setTimeout(() => resolve(false), QUIET_MS);
    };
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      awaitQuiet();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.once(event, () => {
        clearTimeout(timer);
        resolve(true);
      });
    }
    awaitQuiet();
  });
  socket.write(Buffer.from(input, 'latin1'));
  const ended = await closed;
  socket.destroy();
  return { output: Buffer.concat(chunks).toString('latin1'), closes: ended };
}

async function flush(port: number): Promise<void> {
  using client = await TextClient.connect(port);
  expect(await client.ask('flush_all\r\n')).toBe('OK');
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

describeWithMemcached('a controller answers odd input as memcached does', () => {
  let memcached: Memcached;
  let cluster: Cluster;

  beforeAll(async () => {
    memcached = await Memcached.start();
    cluster = await startCluster({ level: 'linearizability' });
  });
  afterAll(async () => {
    await cluster?.stop();
    await memcached?.stop();
  });

  it.each(PROTOCOL_CASES.map((one) => [shown(one.input), one] as const))('%s', async (_, one) => {
    const expected = { output: one.output, closes: one.closes };
    // The memcacheds of tests take larger items than the longest inputs expect.
    const ports =
      one.input.length > 100_000 ? cluster.ports.slice(0, 1) : [memcached.port, cluster.ports[0]!];
    await Promise.all(
      ports.map(async (port) => {
        await flush(port);
        expect(await transcribe(port, one), `on ${port}`).toEqual(expected);
      }),
    );
  });
});
