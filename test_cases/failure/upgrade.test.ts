import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { commitOf, EarlierRelease } from '../support/earlier-release.ts';
import { eventually } from '../support/eventually.ts';
import { HttpLoad } from '../support/http-load.ts';
import { describeWith } from '../support/programs.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';
import { PATIENT } from '../support/rolling-restart.ts';

const EARLIER = '0.2.0';
const COMMIT = commitOf(EARLIER);

/** Real controllers of an earlier release, which are replaced one by one while clients use all protocols. */
describeWith(`release ${EARLIER} in the history of this tree`, COMMIT !== null, () => {
  it.each([
    ['linearizability', 'sequential'],
    ['eventual', 'causal'],
  ])('an upgrade at %s costs no request, over HTTP too', async (level, other) => {
    using release = new EarlierRelease(COMMIT!);
    await using cluster = await startCluster({ level, settings: PATIENT, project: release.directory });
    const client = await cluster.client(0);
    expect(await client.set('old', 'written before')).toBe('STORED');
    const load = new ReconnectingLoad(cluster);
    const http = new HttpLoad(level === 'eventual' ? 'own' : 'all');
    cluster.becomeThisRelease();
    for (const [id, controller] of cluster.controllers.entries()) {
      await eventually(() => load.answers > 300 * (id + 1));
      expect(await controller.stop()).toBe(0);
      cluster.start(id);
      await cluster.ready();
      http.use(cluster.ports[id]!);
      if (id === 0) await expectMixed(cluster, other);
      await http.moreAnswers(200);
    }
    await Promise.all([load.stop(), http.stop()]);
    process.stdout.write(`upgrade, ${level}: ${load.figures}; over HTTP ${http.answers} requests\n`);
    expect(load.errors).toEqual([]);
    expect(http.errors).toEqual([]);
    expect(await (await fetch(`http://127.0.0.1:${cluster.ports[2]}/v1/keys/old`)).text()).toBe(
      'written before',
    );
    const changed = await putLevel(cluster, level);
    expect(changed.status).toBe(200);
  });
});

/** What a controller of this release says over HTTP while the other ones are older. */
async function expectMixed(cluster: Cluster, other: string): Promise<void> {
  const url = `http://127.0.0.1:${cluster.ports[0]}`;
  const status = (await (await fetch(`${url}/v1/status`)).json()) as {
    controllers: { status: object | null; reason: string }[];
  };
  expect(status.controllers.map(({ status, reason }) => (status === null ? reason : 'ok'))).toEqual([
    'ok',
    'it closed the connection',
    'it closed the connection',
  ]);
  const refused = await putLevel(cluster, other);
  expect([refused.status, await refused.json()]).toEqual([
    409,
    expect.objectContaining({ code: 'OLDER_RELEASE', mayHaveHappened: false }),
  ]);
}

function putLevel(cluster: Cluster, level: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${cluster.ports[0]}/v1/keyspaces/default`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ level }),
  });
}
