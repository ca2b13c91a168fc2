import { describe, expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';
import { StartedCluster } from '../support/started-cluster.ts';
import { TextClient } from '../support/text-client.ts';

/** The speed of the machine must not decide: no controller is suspected, and no request times out. */
const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

describe('a level that is changed while the cluster runs', () => {
  it('costs no request of clients that write and read meanwhile', async () => {
    await using cluster = await startCluster({ level: 'linearizability', settings: PATIENT });
    const load = new ReconnectingLoad(cluster);
    for (const [turn, level] of [
      'sequential',
      'linearizability',
      'sequential',
      'linearizability',
    ].entries()) {
      const from = load.answers;
      await eventually(() => load.answers >= from + 200);
      using client = await TextClient.connect(cluster.controllers[turn % 3]!.port);
      expect(await client.ask(`keyspace default ${level}\r\n`)).toContain(`default is at ${level} now`);
    }
    await load.stop();
    process.stdout.write(`levels changed: ${load.figures}\n`);
    expect(load.errors).toEqual([]);
    expect(load.cutOff + load.reconnections).toBe(0);
  });

  it('is changed and listed by main.ts, and outlives a restart with another -cons', async () => {
    await using cluster = await StartedCluster.create();
    expect((await cluster.start('-cons', 'linearizability')).code).toBe(0);
    const changed = await cluster.main('level', 'default', 'sequential');
    expect(changed).toMatchObject({
      code: 0,
      stdout: 'default is at sequential now, and was at linearizability\n',
    });
    const refused = await cluster.main('level', 'default', '--cancel');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is not being changed') });
    await cluster.stop();
    expect((await cluster.start('-cons', 'linearizability')).stdout).toContain('memchorus, sequential');
    const listed = await cluster.main('level', '--json');
    const keyspace = {
      name: 'default',
      prefix: '',
      level: 'sequential',
      scheme: 'broadcast',
      configured: { prefix: '', level: 'linearizability' },
    };
    expect(JSON.parse(listed.stdout)).toEqual({
      epoch: 1,
      keyspaces: [keyspace],
      removed: [],
      unaware: [],
      changing: false,
      move: null,
    });
    const moved = await cluster.main('level', 'default', 'eventual');
    expect(moved).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('default moves from sequential'),
    });
    expect((await cluster.main('level')).stdout).toMatch(
      /default +\(any\) +eventual +linearizability +steady/,
    );
  });
});
