import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithMemcached } from '../support/memcached.ts';
import { StartedCluster } from '../support/started-cluster.ts';
import { AS_NOBODY, mayRunAsNobody } from '../support/unprivileged.ts';

describeWithMemcached('a start with other settings than the last', () => {
  it('uses a data directory of its own for another kind of level, and for another number of controllers', async () => {
    await using cluster = await StartedCluster.create({ name: 'run with spaces' });
    expect(await cluster.start('-cons', 'linearizability')).toMatchObject({ code: 0 });
    expect(await cluster.ask(0, 'set', 'k', 'ordered')).toMatchObject({ code: 0 });
    expect(await cluster.stop()).toMatchObject({ code: 0 });

    const eventual = await cluster.start('-cons', 'eventual');
    expect(eventual).toMatchObject({ code: 0, stderr: '' });
    expect(eventual.stdout).toMatch(/^data: .*\/eventual-3-\d+ \(new\); left as it is: .*\/ordered-3-\d+$/m);
    expect((await cluster.ask(0, 'get', 'k')).stdout).not.toContain('ordered');
    expect(await cluster.stop()).toMatchObject({ code: 0 });

    const one = await cluster.start('-cons', 'sequential', '-n', '1');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/^data: .*\/ordered-1-\d+ \(new\)/m);
    expect(await cluster.stop()).toMatchObject({ code: 0 });

    const again = await cluster.start('-cons', 'sequential');
    expect(again.stdout).toMatch(/^data: .*\/ordered-3-\d+ \(with what is there\)/m);
    expect((await cluster.ask(2, 'get', 'k')).stdout).toContain('ordered');
  });
});

describeWithMemcached('a user without privileges, in a checkout of another user', () => {
  it.skipIf(!mayRunAsNobody)('can start, repair, back up, restart and stop a cluster', async () => {
    await using cluster = await StartedCluster.create({ as: AS_NOBODY });
    expect(await cluster.start('-cons', 'linearizability')).toMatchObject({ code: 0, stderr: '' });
    expect(await cluster.ask(0, 'set', 'k', 'kept')).toMatchObject({ code: 0 });
    await cluster.kill('controller-1');
    expect(await cluster.start()).toMatchObject({ code: 0, stderr: '' });
    expect(await cluster.main('restart', '2')).toMatchObject({ code: 0, stderr: '' });
    expect((await cluster.ask(2, 'get', 'k')).stdout).toContain('kept');
    expect(await cluster.main('backup', join(cluster.directory, 'backup'))).toMatchObject({ code: 0 });
    expect(await cluster.stop()).toMatchObject({
      code: 0,
      stdout: 'stopped 3 controllers\nstopped 3 memcacheds\n',
    });
  });
});
