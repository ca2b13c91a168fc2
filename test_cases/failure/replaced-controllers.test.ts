import { expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { describeWith, succeeds } from '../support/programs.ts';
import { PYTHON, PythonLoad } from '../support/python-load.ts';
import { PATIENT } from '../support/rolling-restart.ts';

const LEVEL = 'linearizability';
const WAIT = ['--wait', '120'];

describeWith('pymemcache (python3-pymemcache)', succeeds(PYTHON, ['-c', 'import pymemcache']), () => {
  it('sees no error while a cluster grows from 3 to 7 and loses all that it began with', async () => {
    const settings = { ...PATIENT, durability: 'async', form: 'no' };
    await using cluster = await startCluster({ level: LEVEL, store: 'custom', settings });
    const ports = await freePorts(4);
    const added = ports.map((port) => new Newcomer(cluster, port, cluster.ports, LEVEL));
    const loads = [
      new PythonLoad([cluster.ports[0]!, ports[0]!]),
      new PythonLoad([cluster.ports[2]!, ports[1]!]),
    ];
    try {
      for (const [at, one] of added.entries()) {
        one.begin();
        const asked = at === 0 ? cluster.ports[1]! : ports[at - 1]!;
        expect(await member(cluster, asked, 'add', `127.0.0.1:${ports[at]}`, ...WAIT)).toContain(
          'these vote now',
        );
      }
      expect(votersIn(await membersAt(cluster, ports[3]!))).toEqual([0, 1, 2, 3, 4, 5, 6]);

      // One that votes dies, and comes back, while the first ones go.
      await added[3]!.kill();
      for (const [id, founder] of cluster.controllers.entries()) {
        expect(await founder.stop()).toBe(0);
        expect(await member(cluster, ports[0]!, 'remove', `${id}`, ...WAIT)).toContain('these vote now');
        if (id === 0) added[3]!.begin();
      }
      await eventually(async () =>
        expect(votersIn(await membersAt(cluster, ports[3]!))).toEqual([3, 4, 5, 6]),
      );
      expect(await added[2]!.stop()).toBe(0);
      await member(cluster, ports[0]!, 'remove', '5', ...WAIT);
      expect(votersIn(await membersAt(cluster, ports[0]!))).toEqual([3, 4, 6]);
      for (const load of loads) {
        const { answered, moves, wrong } = await load.stop();
        expect(wrong).toEqual([]);
        expect(moves).toBe(1);
        expect(answered).toBeGreaterThan(200);
      }
    } finally {
      for (const load of loads) load.kill();
      for (const one of added) if (one.isRunning) await one.kill();
    }
  });
});
