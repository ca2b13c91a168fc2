import { renameSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Host } from '../support/host.ts';
import { describeWith, succeeds } from '../support/programs.ts';

describe('a controller that receives SIGHUP', () => {
  it('goes on, opens its log again, and still stops in good order', async () => {
    await using cluster = await startCluster({ level: 'linearizability', store: 'custom' });
    const client = await cluster.client(0);
    const controller = cluster.controllers[0]!;
    expect(await client.set('k', 'v')).toBe('STORED');
    for (const times of [1, 2]) {
      renameSync(controller.logFile, `${controller.logFile}.${times}`);
      process.kill(controller.pid, 'SIGHUP');
      await eventually(() => expect(controller.log().join('\n')).toContain('the log file was opened again'));
    }
    expect(await client.get('k')).toBe('v');
    expect(await controller.stop()).toBe(0);
    expect(controller.log().at(-1)).toContain('stopped');
  });
});

const TERMINAL: Host = {
  address: '127.0.0.1',
  command: ['python3', resolve(import.meta.dirname, '../support/terminal.py')],
};

describeWith('python3', succeeds('python3', ['--version']), () => {
  it('a controller survives the end of the terminal to which it logs', async () => {
    const settings = { log_file: '-' };
    await using cluster = await startCluster({
      level: 'eventual',
      store: 'custom',
      hosts: [TERMINAL],
      settings,
    });
    const client = await cluster.client(0);
    expect(await client.set('k', 'v')).toBe('STORED');
    process.kill(cluster.controllers[0]!.pid, 'SIGUSR1');
    const later = await cluster.client(0);
    for (let at = 0; at < 20; at++) {
      expect(await later.set(`k${at}`, 'v')).toBe('STORED');
      await sleep(20);
    }
    expect(await client.get('k')).toBe('v');
    expect(await cluster.controllers[0]!.stop()).toBe(0);
  });
});
