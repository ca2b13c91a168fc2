import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfiguration, settingsOf } from '../../../src/cli/settings/configuration.ts';
import type { Settings } from '../../../src/controller/settings.ts';
import { openStorage, type Storage } from '../../../src/controller/storage.ts';
import { lockHolderOf } from '../../../src/journal/directory-lock.ts';
import type { KeyspaceSettings } from '../../../src/placement/placement.ts';
import { deleteOf, setOf } from '../../support/effects.ts';

/** The files of a controller with keyspaces: where they are, and what may be changed between two runs. */

const SESSIONS: KeyspaceSettings = { name: 'sessions', prefix: 's:', level: 'eventual' };
const CARTS: KeyspaceSettings = { name: 'carts', prefix: 'c:', level: 'causal' };

let directory: string;
let dataDir: string;
let storage: Storage | null = null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-keyspaces-'));
  dataDir = join(directory, 'data');
});
afterEach(async () => {
  await storage?.close();
  storage = null;
  rmSync(directory, { recursive: true });
});

const ignore = (): void => {};
const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };

async function nextRun(
  level: Settings['level'],
  keyspaces: readonly KeyspaceSettings[] = [],
  more: Partial<Settings> = {},
): Promise<Storage> {
  await storage?.close();
  storage = null;
  const settings = settingsOf(resolveConfiguration([]), 0, { host: null, port: null }, directory);
  storage = await openStorage({ ...settings, dataDir, level, keyspaces, ...more }, logger, () => {});
  return storage;
}

function write(group: number, key: string, time = 5): void {
  const { journal } = storage!.storageOf(group);
  const version = { time, node: 0 };
  // An ordered journal without a watermark counts as one that was being taken over.
  if (group === 0) journal.recordWatermarks({ applied: version, known: [time, time, time] });
  journal.record(setOf(key, version, { value: Buffer.from('v') }));
}

const has = (group: number, key: string) => storage!.storageOf(group).journal.newest(key) !== undefined;
const isThere = (...path: string[]) => existsSync(join(dataDir, ...path, 'controller-0'));

describe('the journals of a controller', () => {
  it('are in the data directory with one kind of level, and each further kind has its own', async () => {
    await nextRun('sequential');
    write(0, 'k');
    await nextRun('sequential', [SESSIONS, CARTS]);
    write(1, 's:1');
    write(2, 'c:1');
    expect([isThere(), isThere('ordered'), isThere('eventual'), isThere('causal')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const { keys, records } = await nextRun('sequential', [SESSIONS, CARTS]);
    expect([has(0, 'k'), has(1, 's:1'), has(2, 'c:1')]).toEqual([true, true, true]);
    expect([keys, records]).toEqual([3, 3]);
    expect(storage!.status()).toMatchObject({ entries: 3, recoveredEntries: 3 });
  });

  it('stay where they are when a keyspace of another kind comes', async () => {
    await nextRun('eventual');
    write(1, 'k');
    await nextRun('eventual', [{ ...SESSIONS, level: 'linearizability' }]);
    write(0, 's:1');
    expect([isThere(), isThere('ordered'), isThere('eventual')]).toEqual([true, true, false]);
    await nextRun('eventual', [{ ...SESSIONS, level: 'sequential' }]);
    expect([has(1, 'k'), has(0, 's:1')]).toEqual([true, true]);
  });

  it('have a lock by which the controller is found, also when none is in the data directory itself', async () => {
    await nextRun('eventual');
    await nextRun('sequential');
    expect([isThere('ordered'), storage!.keys]).toEqual([true, 0]);
    expect(lockHolderOf(join(dataDir, 'controller-0'))).toBe(process.pid);
  });
});

describe('a start is refused', () => {
  it('when a keyspace has come whose keys are in another group, and not without such keys', async () => {
    await nextRun('sequential');
    write(0, 'k');
    write(0, 's:1');
    await expect(nextRun('sequential', [SESSIONS])).rejects.toMatchObject({ code: 'OTHER_PLACEMENT' });
    await expect(nextRun('sequential', [SESSIONS])).rejects.toThrow(
      /controller-0 has 1 key of level linearizability or sequential whose keyspace has another level now, such as "s:1" of sessions \(eventual\): set the levels/,
    );
    await nextRun('sequential', [CARTS]);
    expect(has(0, 's:1')).toBe(true);
  });

  it('when a keyspace has gone, or has another kind of level, while its keys are there', async () => {
    await nextRun('sequential', [SESSIONS]);
    write(1, 's:1');
    const unused = /eventual\/controller-0 has keys of level eventual, which no keyspace has now, such as "/;
    await expect(nextRun('sequential')).rejects.toThrow(unused);
    await expect(nextRun('sequential', [{ ...SESSIONS, level: 'causal' }])).rejects.toThrow(unused);
    await expect(nextRun('sequential', [SESSIONS, { ...CARTS, prefix: 's:1' }])).rejects.toThrow(
      'such as "s:1" of carts (causal)',
    );
    await nextRun('sequential', [SESSIONS]);
    expect(has(1, 's:1')).toBe(true);
  });

  it('not when the keys have been deleted, nor for a change within one kind of level', async () => {
    await nextRun('sequential', [SESSIONS]);
    write(1, 's:1');
    storage!.storageOf(1).journal.record(deleteOf('s:1', { time: 6, node: 0 }));
    write(0, 'k');
    await nextRun('linearizability', [{ ...SESSIONS, level: 'sequential' }]);
    expect(has(0, 'k')).toBe(true);
  });

  it('when a keyspace with shards was changed while the cluster ran', async () => {
    const agreed = (level: Settings['level']) => {
      const keyspaces = [{ name: 'default', prefix: '', level }, SESSIONS];
      const placement = { epoch: 1, keyspaces, move: null };
      const ballot = { counter: 1, node: 0 };
      const none = { configuration: null, installed: null, installedConfiguration: null };
      return {
        promised: ballot,
        accepted: ballot,
        members: [],
        sync: false,
        journal: null,
        placement,
        ...none,
      };
    };
    const remember = (level: Settings['level']) =>
      new Promise<void>((resolve) => storage!.viewLog.save(agreed(level), resolve));
    const sharded = [{ name: 'default', shards: 2, replicas: 1 }];
    await nextRun('eventual', [SESSIONS]);
    await remember('causal');
    await nextRun('eventual', [SESSIONS]);
    for (const durability of ['none', 'sync'] as const)
      await expect(nextRun('eventual', [SESSIONS], { sharded, durability })).rejects.toThrow(
        /^the keyspace default was changed while the cluster ran, and can not have shards: take its shards out/,
      );
    await nextRun('eventual', [SESSIONS]);
    await remember('eventual');
    await nextRun('eventual', [SESSIONS], { sharded });
  });

  it('not with durability none, which leaves no keys', async () => {
    await nextRun('sequential', [SESSIONS], { durability: 'none' });
    write(1, 's:1');
    await nextRun('sequential', [], { durability: 'none' });
    expect(storage!.keys).toBe(0);
  });
});

describe('one group of several', () => {
  it('is set aside alone when it has to start empty', async () => {
    await nextRun('sequential', [SESSIONS]);
    write(0, 'k');
    write(1, 's:1');
    await storage!.close();
    const settings = settingsOf(resolveConfiguration([]), 0, { host: null, port: null }, directory);
    const abandoned = { group: 1, reason: 'it missed deletions' };
    const own = { ...settings, dataDir, keyspaces: [SESSIONS] };
    storage = await openStorage(own, logger, () => {}, abandoned);
    expect([has(0, 'k'), has(1, 's:1')]).toEqual([true, false]);
  });

  it('has a view record of its own kind, so that no promise of one root group binds another', async () => {
    const view = {
      promised: { counter: 2, node: 1 },
      accepted: { counter: 1, node: 0 },
      members: [],
      sync: false,
      placement: null,
      installed: null,
      configuration: null,
      installedConfiguration: null,
      journal: null,
    };
    const ofEventual = await nextRun('eventual');
    await new Promise<void>((resolve) => ofEventual.viewLog.save(view, resolve));
    const ofOrdered = await nextRun('eventual', [{ ...SESSIONS, level: 'sequential' }]);
    expect(ofOrdered.viewLog.load()).toBeNull();
    await new Promise<void>((resolve) => ofOrdered.viewLog.save({ ...view, sync: true }, resolve));
    expect((await nextRun('eventual')).viewLog.load()).toEqual(view);
    const again = await nextRun('eventual', [{ ...SESSIONS, level: 'sequential' }]);
    expect(again.viewLog.load()).toEqual({ ...view, sync: true });
  });
});
