import { expect, it } from 'vitest';
import { StartedCluster } from '../support/started-cluster.ts';

/** The time within which the last step of a change is over, in seconds. */
const WAIT = ['--wait', '60'];

it('controllers stop voting and vote again, by main.ts, while the others serve', async () => {
  await using cluster = await StartedCluster.create();
  expect((await cluster.start('-cons', 'linearizability')).code).toBe(0);
  const [port0, , port2] = cluster.ports;
  const client = (port: number, ...words: string[]) => cluster.main('-cli', '-p', `${port}`, ...words);
  expect((await client(port2!, 'set', 'k', '0', '0', '1', '1')).code).toBe(0);

  const removed = await cluster.main('member', 'remove', '2', ...WAIT);
  expect(removed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^these vote now: controller 0 .*controller 1 \S+\n$/),
  });
  const listed = JSON.parse((await cluster.main('member', '--json')).stdout);
  expect(listed).toMatchObject({ changing: false });
  expect(listed.controllers.map(({ votes }: { votes: boolean }) => votes)).toEqual([true, true, false]);
  expect((await cluster.main('member', 'list')).stdout).toContain('2 of 3 vote; a majority is 2');
  expect(await client(port2!, 'get', 'k')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('does not vote'),
  });
  expect(await cluster.main('status')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 does not vote'),
  });

  expect(await cluster.main('restart', '2')).toMatchObject({ code: 0 });
  expect(await cluster.main('level', 'default', 'causal')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('every controller has to vote for that'),
  });

  expect((await cluster.main('member', 'remove', '0')).code).toBe(0);
  expect((await client(port0!, 'get', 'k')).code).toBe(1);
  expect((await cluster.main('member', 'add', '0', ...WAIT)).code).toBe(0);
  expect(await cluster.main('member', 'replace', '1', '2', ...WAIT)).toMatchObject({ code: 0 });
  expect((await client(port2!, 'get', 'k')).stdout).toContain('1');
  expect(await cluster.main('member', 'remove', '9')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('9 is no controller of this cluster'),
  });
});
