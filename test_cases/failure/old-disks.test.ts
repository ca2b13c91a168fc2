import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { ControllerProcess } from '../support/controller-process.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const LEVEL = 'linearizability';

/** What a controller has on disk, without the files of its lock. */
const partsOf = (id: number) => [`controller-${id}`, `controller-${id}.views.json`];

/** Copies of the disk of a controller, taken while it was down. */
class OldDisks {
  readonly names: string[] = [];
  readonly #cluster: Cluster;
  readonly #id: number;

  constructor(cluster: Cluster, id: number) {
    this.#cluster = cluster;
    this.#id = id;
  }

  async take(name: string, controller: ControllerProcess, begin: () => void): Promise<void> {
    await controller.kill();
    for (const part of partsOf(this.#id))
      cpSync(join(this.#cluster.dataDir, part), this.#pathOf(name, part), { recursive: true });
    this.names.push(name);
    begin();
  }

  putBack(name: string): void {
    for (const part of partsOf(this.#id)) {
      rmSync(join(this.#cluster.dataDir, part), { recursive: true });
      cpSync(this.#pathOf(name, part), join(this.#cluster.dataDir, part), { recursive: true });
    }
  }

  #pathOf(name: string, part: string): string {
    return join(this.#cluster.dataDir, '..', `old-${this.#id}-${name}`, part);
  }
}

async function set(port: number, key: string, value: string): Promise<void> {
  await eventually(async () => {
    using client = await TextClient.connect(port, '127.0.0.1');
    expect(await client.set(key, value)).toBe('STORED');
  });
}

/** A member may be outside of the view for a moment after another one was killed, and may be asked again. */
async function remove(port: number, key: string): Promise<void> {
  await eventually(async () => {
    using client = await TextClient.connect(port, '127.0.0.1');
    expect(['DELETED', 'NOT_FOUND']).toContain(await client.ask(`delete ${key}\r\n`));
  });
}

async function expectValue(port: number, key: string, value: string | null): Promise<void> {
  await eventually(async () => {
    using client = await TextClient.connect(port, '127.0.0.1');
    expect(await client.get(key)).toBe(value);
  });
}

describe.each(['sync', 'async'])('an old disk with durability %s', (durability) => {
  it('of a member is caught up, and one of a removed controller serves nothing, whenever it is from', async () => {
    const settings = { ...PATIENT, durability, form: 'no' };
    await using cluster = await startCluster({ level: LEVEL, store: 'custom', settings });
    const [port0, port1, port2] = cluster.ports as [number, number, number];
    const [port3] = (await freePorts(1)) as [number];
    const third = new Newcomer(cluster, port3, cluster.ports, LEVEL);
    const disks = new OldDisks(cluster, 1);
    const take = async (name: string) => {
      await set(port2, 'written', name);
      await disks.take(name, cluster.controllers[1]!, () => cluster.start(1));
      await expectValue(port1, 'written', name);
    };
    try {
      await set(port0, 'deleted', 'v');
      await take('before');
      const adding = member(cluster, port0, 'add', `127.0.0.1:${port3}`, '--wait', '120');
      await eventually(async () => expect((await membersAt(cluster, port0)).controllers).toHaveLength(4));
      await take('joining');
      third.begin();
      await adding;
      await take('added');
      const founder = new OldDisks(cluster, 0);
      await founder.take('before', cluster.controllers[0]!, () => {});
      await member(cluster, port2, 'remove', '0', '--wait', '120');
      await take('removed');
      await remove(port2, 'deleted');
      await set(port2, 'written', 'last');

      for (const name of disks.names) {
        await cluster.controllers[1]!.kill();
        disks.putBack(name);
        cluster.start(1);
        await expectValue(port1, 'written', 'last');
        await expectValue(port1, 'deleted', null);
        expect(votersIn(await membersAt(cluster, port1))).toEqual([1, 2, 3]);
        expect(votersIn(await membersAt(cluster, port2))).toEqual([1, 2, 3]);
      }

      founder.putBack('before');
      cluster.start(0);
      await eventually(async () => {
        using outside = await TextClient.connect(port0, '127.0.0.1');
        expect(await outside.ask('get written\r\n')).toContain('does not vote');
      });
      expect(votersIn(await membersAt(cluster, port0))).toEqual([1, 2, 3]);
      await expectValue(port3, 'written', 'last');
      await set(port3, 'written', 'after all');
      await expectValue(port1, 'written', 'after all');
    } finally {
      if (third.isRunning) await third.kill();
    }
  });
});
