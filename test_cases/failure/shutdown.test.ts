import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ALL_LEVELS, ORDERED_LEVELS } from '../support/basic-cluster-tests.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { Workload } from '../support/workload.ts';

describe.each(ALL_LEVELS)('%s: a controller that receives SIGTERM', (level) => {
  it('answers the requests that it has read, closes its connections, and exits with 0', async () => {
    await using cluster = await startCluster({ level, store: 'custom' });
    const client = await cluster.client(0);
    const idle = await cluster.client(0);
    expect(await idle.set('warm', 'x')).toBe('STORED');
    const answers = Array.from({ length: 200 }, (_, at) => client.set(`key-${at}`, 'x'.repeat(100)));
    expect(await answers[0]).toBe('STORED');
    const closed = Promise.all([once(client.socket, 'end'), once(idle.socket, 'end')]);
    expect(await cluster.controllers[0]!.stop()).toBe(0);
    await closed;
    // Requests that the controller had not read yet are not answered; every other one is.
    const settled = await Promise.allSettled(answers);
    const answered = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(new Set(answered)).toEqual(new Set(['STORED']));
    const others = await cluster.client(1);
    for (let at = 0; at < answered.length; at++) expect(await others.get(`key-${at}`)).not.toBeNull();
    cluster.start(0);
    await cluster.ready();
    expect(await (await cluster.client(0)).get('key-0')).not.toBeNull();
  });
});

describe.each(ORDERED_LEVELS)('%s: a rolling restart under load', (level) => {
  it('loses no write, repeats none, and every controller exits with 0', async () => {
    await using cluster = await startCluster({ level, store: 'custom' });
    const load = await Workload.start(cluster, { level });
    for (const [id, controller] of cluster.controllers.entries()) {
      const from = load.writes;
      await eventually(() => load.writes >= from + 100);
      expect(await controller.stop()).toBe(0);
      cluster.start(id);
      await cluster.ready();
    }
    await load.stop();
    for (const id of cluster.controllers.keys()) await load.verify(id);
    expect(load.violations).toEqual([]);
  });
});
