import { expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

it.each([
  ['of another cluster', ['--cluster', 'stranger'], 'stranger'],
  ['of another level', ['-cons', 'eventual'], 'level eventual'],
])('a controller %s is refused, and both ends of the link report the reason', async (_, flags, reason) => {
  await using cluster = await startCluster({
    level: 'sequential',
    store: 'custom',
    flags: { 2: flags },
    untilReady: false,
  });
  await eventually(async () => {
    for (const id of [0, 1]) {
      const { role } = (await cluster.status(id)).peers[2]!;
      expect(role).toMatch(/^refused: /);
      expect(role).toContain(reason);
    }
    expect((await cluster.status(2)).peers[0]!.role).toMatch(/^refused: /);
  });
  const client = await cluster.client(0);
  expect((await client.lines('show')).join('\n')).toContain(reason);
  expect(await client.set('key', 'x')).toMatch(/^SERVER_ERROR/);
  const refusals = () => cluster.controllers[0]!.log().filter((line) => line.includes('peer is refused'));
  await eventually(() => expect(refusals()).toHaveLength(1));
});
