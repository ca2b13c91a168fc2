import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Owner } from '../../../src/journal/data-directory.ts';
import { ViewFile } from '../../../src/journal/view-file.ts';
import { SLOT_BYTES } from '../../../src/journal/view-slots.ts';
import type { ViewRecord } from '../../../src/membership/view-record.ts';
import { PLACEMENT_BYTES_MAX } from '../../../src/placement/agreed-placement.ts';
import { CONFIGURATION_BYTES_MAX } from '../../../src/placement/configuration.ts';
import { Random } from '../../sim/random.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const OWNER: Owner = { cluster: 'c', controller: 0, peers: '127.0.0.1:8000', consistency: 'ordered' };
const PATH = '/data/controller-0.views.json';

const recordOf = (counter: number): ViewRecord => ({
  promised: { counter, node: 1 },
  accepted: { counter, node: 0 },
  members: [{ node: 0, incarnation: counter }],
  sync: false,
  journal: 'j1',
  placement: null,
  installed: null,
  configuration: null,
  installedConfiguration: null,
});

/** Some records are so long that they need larger slots. */
const sizedRecordOf = (counter: number): ViewRecord => {
  const controllers = Array.from({ length: counter % 4 === 3 ? 500 * (counter % 5) : 0 }, (_, id) => ({
    id,
    host: `host-of-controller-${id}`,
    port: 8_000,
  }));
  return { ...recordOf(counter), configuration: controllers.length === 0 ? null : { epoch: 1, controllers } };
};

/** May be told not to make sure that names are on disk. */
class DiskWithoutNames extends SimulatedDisk {
  failsToSync = false;

  override async syncDirectory(directory: string): Promise<void> {
    if (this.failsToSync) throw new Error('EIO');
    await super.syncDirectory(directory);
  }
}

/** One run of a process, which ends after a number of operations of its disk. */
interface Run {
  readonly records: number;
  readonly diesAt: number;
  readonly powerIsLost: boolean;
  /** The disk refuses writes from this record on, for as many records. */
  readonly fails: readonly [from: number, count: number];
}

const RUN: fc.Arbitrary<Run> = fc.record({
  records: fc.integer({ min: 0, max: 5 }),
  diesAt: fc.integer({ min: 1, max: 25 }),
  powerIsLost: fc.boolean(),
  fails: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 })),
});

it('after any crash, the record is the last one that was reported as durable, or a later one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(RUN, { minLength: 1, maxLength: 5 }), fc.integer(), async (runs, seed) => {
      const random = new Random(seed);
      let disk = new SimulatedDisk();
      await disk.makePath('/data');
      let given = 0;
      let acknowledged = 0;
      for (const { records, diesAt, powerIsLost, fails } of runs) {
        disk.dieAt(disk.operations + diesAt);
        const work = (async () => {
          const file = await ViewFile.open(disk, '/data', OWNER, () => {});
          const loaded = file.load()?.promised.counter ?? 0;
          expect(loaded).toBeGreaterThanOrEqual(acknowledged);
          expect(loaded).toBeLessThanOrEqual(given);
          acknowledged = loaded;
          for (let at = 0; at < records; at++) {
            disk.failure = at >= fails[0] && at < fails[0] + fails[1] ? 'EIO' : null;
            const counter = ++given;
            file.save(sizedRecordOf(counter), () => {
              acknowledged = counter;
            });
            await file.close();
          }
        })();
        await Promise.race([work, disk.dead]);
        disk = powerIsLost ? disk.crashed(() => random.next()) : disk.killed();
      }
      const last = await ViewFile.open(disk, '/data', OWNER, () => {});
      const counter = last.load()?.promised.counter ?? 0;
      expect(counter).toBeGreaterThanOrEqual(acknowledged);
      expect(last.load()).toEqual(counter === 0 ? null : sizedRecordOf(counter));
    }),
    { numRuns: 500 },
  );
});

it('a record in the form of release 0.1.0 is read, and replaced by the new form as a whole', async () => {
  const disk = new SimulatedDisk();
  await disk.makePath('/data');
  const text = '{"cluster":"c","controller":0,"peers":"127.0.0.1:8000","consistency":"ordered","promised":';
  const old = `${text}{"counter":3,"node":1},"accepted":{"counter":2,"node":0},"members":[],"sync":false}`;
  const { crc32 } = await import('node:zlib');
  disk.overwrite(PATH, Buffer.from(`${crc32(old).toString(16).padStart(8, '0')} ${old}\n`));
  const file = await ViewFile.open(disk, '/data', OWNER, () => {});
  expect(file.load()?.promised).toEqual({ counter: 3, node: 1 });
  await new Promise<void>((done) => file.save(recordOf(4), done));
  expect(disk.bytesOf(PATH)).toHaveLength(2 * SLOT_BYTES);
  expect((await ViewFile.open(disk, '/data', OWNER, () => {})).load()).toEqual(recordOf(4));
});

it('a file of release 0.2.0, with its smaller slots, is read, and replaced by the new form as a whole', async () => {
  const disk = new SimulatedDisk();
  await disk.makePath('/data');
  const { placement: _, installed: __, ...record } = recordOf(5);
  const body = `7 ${JSON.stringify({ ...OWNER, ...record })}`;
  const { crc32 } = await import('node:zlib');
  const slot = Buffer.alloc(8_192, ' ');
  slot.write(`${crc32(body).toString(16).padStart(8, '0')} ${body}`);
  disk.overwrite(PATH, Buffer.concat([Buffer.alloc(8_192, ' '), slot]));
  const file = await ViewFile.open(disk, '/data', OWNER, () => {});
  expect(file.load()).toEqual(recordOf(5));
  await new Promise<void>((done) => file.save(recordOf(6), done));
  expect(disk.bytesOf(PATH)).toHaveLength(2 * SLOT_BYTES);
  expect((await ViewFile.open(disk, '/data', OWNER, () => {})).load()).toEqual(recordOf(6));
});

it('a record of release 0.2.0 has no placement, and one without a placement has the same bytes', async () => {
  const disk = new SimulatedDisk();
  await disk.makePath('/data');
  const file = await ViewFile.open(disk, '/data', OWNER, () => {});
  await new Promise<void>((done) => file.save(recordOf(1), done));
  expect(disk.bytesOf(PATH)!.toString('latin1')).not.toContain('placement');
  expect((await ViewFile.open(disk, '/data', OWNER, () => {})).load()).toEqual(recordOf(1));
});

it('the largest placement fits the record, beside the most controllers with the longest addresses', async () => {
  const disk = new SimulatedDisk();
  await disk.makePath('/data');
  const owner = { ...OWNER, peers: Array.from({ length: 16 }, () => `${'x'.repeat(255)}:65535`).join(',') };
  const members = Array.from({ length: 16 }, (_, node) => ({ node, incarnation: Number.MAX_SAFE_INTEGER }));
  const other = { name: 'x'.repeat(32), prefix: 'y'.repeat(250), level: 'linearizability' } as const;
  const keyspaces = [{ name: 'default', prefix: '', level: 'sequential' } as const];
  while (JSON.stringify([...keyspaces, other]).length <= PLACEMENT_BYTES_MAX) keyspaces.push(other as never);
  const largest = { epoch: Number.MAX_SAFE_INTEGER, keyspaces, move: null };
  const controllers = Array.from({ length: 1_024 }, (_, id) => {
    return {
      id,
      host: `controller-${id}.cluster.example.net`,
      port: 65_535,
      phase: 'following' as const,
      zone: 'z',
    };
  });
  const configuration = { epoch: Number.MAX_SAFE_INTEGER, controllers, nextId: 1_024 };
  expect(JSON.stringify(configuration).length).toBeLessThan(CONFIGURATION_BYTES_MAX);
  const both = { configuration, installedConfiguration: configuration };
  const record = { ...recordOf(1), members, placement: largest, installed: largest, ...both };
  const file = await ViewFile.open(disk, '/data', owner, (message) => {
    throw new Error(message);
  });
  await new Promise<void>((done) => file.save(record, done));
  expect((await ViewFile.open(disk, '/data', owner, () => {})).load()).toEqual(record);
});

it('a file with larger slots is replaced again if it may not have its name for good', async () => {
  const disk = new DiskWithoutNames();
  await disk.makePath('/data');
  const file = await ViewFile.open(disk, '/data', OWNER, () => {});
  const save = (counter: number) => {
    file.save(sizedRecordOf(counter), () => {});
    return file.close();
  };
  await save(1);
  disk.failsToSync = true;
  await save(3);
  expect(disk.bytesOf(PATH).length).toBeGreaterThan(2 * SLOT_BYTES);
  disk.failsToSync = false;
  await save(4);
  const again = await ViewFile.open(disk.killed(), '/data', OWNER, () => {});
  expect(again.load()).toEqual(sizedRecordOf(4));
});

it('a record takes one write and one flush once the file is there', async () => {
  const disk = new SimulatedDisk();
  await disk.makePath('/data');
  const file = await ViewFile.open(disk, '/data', OWNER, () => {});
  await new Promise<void>((done) => file.save(recordOf(1), done));
  const before = disk.operations;
  await new Promise<void>((done) => file.save(recordOf(2), done));
  expect(disk.operations - before).toBe(2);
});
