import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Random } from '../sim/random.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { HANGS_AFTER_MS } from '../support/hang.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { BINARY } from './binary-dialect.ts';
import { packet } from './binary-generator.ts';
import { mutated } from './mutation.ts';
import { META, TEXT } from './text-dialect.ts';

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 3);
const SEED = Number(process.env.DIFF_SEED ?? 1);

/** The number of connections that send random bytes at the same time. */
const LANES = 16;
const WITNESS_KEY = 'witness';

/**
 * The most bytes by which a controller's memory may grow during the fuzzing, after a warm-up. A single `get` may name a
 * value of a megabyte a hundred times, and the process keeps the memory of that for the next one.
 */
const RSS_GROWTH_BYTES_MAX = 192 * 1_048_576;
const WARM_UP_SECONDS = 2;

/**
 * A small heap, so that garbage that waits for collection does not count as growth; a real leak ends the controller.
 */
const SMALL_HEAP = '--max-old-space-size=96 --max-semi-space-size=2';

function rssBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib![1]) * 1024;
}

/**
 * Sends mutated streams over one connection after the other; closes in good order, abruptly, or in the middle.
 * @returns the number of streams
 */
async function fuzzLane(
  ports: readonly number[],
  lane: number,
  until: number,
  random: Random,
): Promise<number> {
  let streams = 0;
  for (; performance.now() < until; streams++) {
    const socket = connect({ port: random.pick(ports), host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    socket.resume();
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    const bytes = mutated(random.pick([TEXT, META, BINARY]), random, `fuzz${lane}:`);
    const cut = random.below(bytes.length + 1);
    socket.write(bytes.subarray(0, cut));
    await sleep(random.below(4));
    socket.write(bytes.subarray(cut));
    await sleep(random.below(10));
    if (random.chance(0.5)) socket.destroy();
    else socket.end();
    const late = setTimeout(() => socket.destroy(), 300);
    if (!socket.closed) await once(socket, 'close');
    clearTimeout(late);
  }
  return streams;
}

/**
 * Sends other requests each time, on a connection of its own, and expects exactly the replies to them.
 * @returns the number of checked conversations
 */
async function textWitness(port: number, until: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let count = 0;
  for (; performance.now() < until; count++) {
    const value = `text ${count}`;
    const key = `${WITNESS_KEY}-text-${port}`;
    socket.write(`set ${key} 0 0 ${value.length}\r\n${value}\r\nget ${key}\r\n`);
    const expected = `STORED\r\nVALUE ${key} 0 ${value.length}\r\n${value}\r\nEND\r\n`;
    // The random bytes of another connection may amount to a flush.
    expect([expected, 'STORED\r\nEND\r\n']).toContain(await takeUntil(socket, 'END\r\n'));
  }
  socket.destroy();
  return count;
}

async function binaryWitness(port: number, until: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let opaque = 0;
  for (; performance.now() < until; opaque++) {
    const key = `${WITNESS_KEY}-binary-${port}`;
    const value = `binary ${opaque}`;
    const set = packet({ opcode: 0x11, opaque, extras: Buffer.alloc(8), key, value });
    const quietMiss = packet({ opcode: 0x09, opaque, key: `${key} missing` });
    const missingDelete = packet({ opcode: 0x04, opaque, key: `${key} missing` });
    const noop = packet({ opcode: 0x0a, opaque });
    socket.write(Buffer.from(set + quietMiss + missingDelete + noop, 'latin1'));
    const missed = packet({ magic: 0x81, opcode: 0x04, opaque, vbucket: 1, value: 'Not found' });
    const noopAnswer = packet({ magic: 0x81, opcode: 0x0a, opaque });
    expect(await takeUntil(socket, noopAnswer)).toBe(missed + noopAnswer);
  }
  socket.destroy();
  return opaque;
}

const ANSWER_WITHIN_MS = HANGS_AFTER_MS;

async function takeUntil(socket: Socket, ending: string): Promise<string> {
  let text = '';
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  while (!text.endsWith(ending)) {
    const [chunk] = (await once(socket, 'data', { signal }).catch((cause) => {
      throw new Error(`no answer but ${JSON.stringify(text)}`, { cause });
    })) as [Buffer];
    text += chunk.toString('latin1');
  }
  return text;
}

async function fuzz(
  cluster: Cluster,
  seconds: number,
  seed: number,
): Promise<{ streams: number; replies: number }> {
  const until = performance.now() + seconds * 1000;
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    fuzzLane(cluster.ports, lane, until, new Random(seed * LANES + lane)),
  );
  const witnesses = cluster.ports.flatMap((port) => [textWitness(port, until), binaryWitness(port, until)]);
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  const [streams, replies] = await Promise.all([Promise.all(lanes), Promise.all(witnesses)]);
  return { streams: sum(streams), replies: sum(replies) };
}

describeWithMemcached('random bytes on many connections', () => {
  it.each(['linearizability', 'eventual'])(
    'crash no controller, disturb no other connection, and use bounded memory: %s',
    async (level) => {
      vi.stubEnv('NODE_OPTIONS', SMALL_HEAP);
      await using cluster = await startCluster({ level });
      vi.unstubAllEnvs();
      const rss = (): number[] => cluster.controllers.map(({ pid }) => rssBytes(pid));
      await fuzz(cluster, WARM_UP_SECONDS, SEED + 1_000_000);
      const before = rss();
      const { streams, replies } = await fuzz(cluster, SECONDS, SEED);
      const growth = rss().map((bytes, id) => bytes - before[id]!);
      console.log(
        `${level}: ${streams} streams of random bytes (seed ${SEED}), ${replies} checked conversations beside them, ` +
          `memory grew by ${growth.map((bytes) => (bytes / 1_048_576).toFixed(1)).join(', ')} MiB`,
      );
      await cluster.ready();
      expect(Math.max(...growth)).toBeLessThan(RSS_GROWTH_BYTES_MAX);
    },
  );
});
