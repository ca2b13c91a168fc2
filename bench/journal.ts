import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { LogFields } from '../src/base/log.ts';
import { MACHINE_CLOCK } from '../src/controller/machine-clock.ts';
import type { Journal } from '../src/journal/journal.ts';
import { MemoryJournal } from '../src/journal/memory-journal.ts';
import { type JournalOptions, openJournal } from '../src/journal/open-journal.ts';
import { setOf } from '../test_cases/support/effects.ts';

/**
 * Measures the cost of the journal: writes a second at each durability, interleaved in one run, and the time
 * and bytes of a million keys.
 *
 *     node --expose-gc bench/journal.ts [keys] [directory]
 */
const KEYS = Number(process.argv[2] ?? 1_000_000);
const ROOT = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'memchorus-bench-'));
const VALUE = Buffer.alloc(100, 'v');
const ROUNDS = 3;
const ROUND_MS = 700;
const BATCHES = [1, 16, 256];
const MODES = ['none', 'async', 'sync'] as const;

let time = 0;

function print(message: string, fields: LogFields = {}): void {
  console.log(`  ${message} ${JSON.stringify(fields)}`);
}

function options(dataDir: string): JournalOptions {
  return {
    dataDir,
    owner: { cluster: 'bench', controller: 0, peers: 'a,b,c', consistency: 'ordered' },
    clock: MACHINE_CLOCK,
    log: { info: print, warn: print },
  };
}

function write(journal: Journal, key: number): void {
  time++;
  journal.record(setOf(`key:${key}`, { time, node: 0 }, { value: VALUE }));
}

function kept(journal: Journal): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.whenDurable((error) => (error === null ? resolve() : reject(new Error(error))));
  });
}

/**
 * Writes batch by batch, each in one event-loop turn. At `sync` the next batch begins when the last one is on
 * disk.
 */
async function writesPerSecond(journal: Journal, batch: number, sync: boolean): Promise<number> {
  const start = performance.now();
  let writes = 0;
  while (performance.now() - start < ROUND_MS) {
    for (let i = 0; i < batch; i++) write(journal, Math.floor(Math.random() * 10_000));
    writes += batch;
    await (sync ? kept(journal) : turn());
  }
  return (writes * 1000) / (performance.now() - start);
}

async function compareDurabilities(): Promise<void> {
  const disk = await openJournal(options(join(ROOT, 'rates')));
  const memory = new MemoryJournal();
  console.log('writes per second, median of rounds    batch of', BATCHES.join(', '));
  const rates = new Map(MODES.map((mode) => [mode, BATCHES.map((): number[] => [])]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, batch] of BATCHES.entries()) {
      for (const mode of MODES) {
        const journal = mode === 'none' ? memory : disk.journal;
        rates.get(mode)![index]!.push(await writesPerSecond(journal, batch, mode === 'sync'));
      }
    }
  }
  for (const [mode, perBatch] of rates) {
    const medians = perBatch.map((list) => Math.round(list.sort((a, b) => a - b)[list.length >> 1]!));
    console.log(mode.padEnd(8), medians.map((rate) => String(rate).padStart(9)).join(' '));
  }
  await disk.journal.close();
  disk.release();
}

function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function bytesOnDisk(dataDir: string): number {
  const directory = join(dataDir, 'controller-0');
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function manyKeys(): Promise<void> {
  const dataDir = join(ROOT, 'many');
  let opened = await openJournal(options(dataDir));
  const before = memoryBytes();
  const fill = async () => {
    const start = performance.now();
    for (let key = 0; key < KEYS; key++) {
      write(opened.journal, key);
      if (key % 256 === 255) await turn();
      if (key % 8192 === 8191) await kept(opened.journal);
    }
    await kept(opened.journal);
    return Math.round(performance.now() - start);
  };
  console.log(`${KEYS} new keys in ${await fill()} ms`);
  console.log(`memory per key ${Math.round((memoryBytes() - before) / KEYS)} bytes`);
  console.log(`disk per key ${Math.round(bytesOnDisk(dataDir) / KEYS)} bytes`);
  for (let round = 0; round < 3; round++) console.log(`overwritten in ${await fill()} ms`);
  await opened.journal.close();
  console.log(`disk per key after three times overwriting ${Math.round(bytesOnDisk(dataDir) / KEYS)} bytes`);
  opened.release();
  opened = await openJournal(options(dataDir));
  const { records, entries, bytes, milliseconds } = opened.recovered;
  console.log(
    `recovered ${records} records from ${entries} entries, ${bytes} bytes, in ${Math.round(milliseconds)} ms`,
  );
  console.log(`memory per key ${Math.round((memoryBytes() - before) / KEYS)} bytes`);
  await opened.journal.close();
  opened.release();
}

try {
  console.log(`node ${process.version}, values of ${VALUE.length} bytes, data in ${ROOT}`);
  await compareDurabilities();
  await manyKeys();
} finally {
  rmSync(ROOT, { recursive: true, force: true });
}
