import { expect, it } from 'vitest';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** Longer than a store may take to answer, in virtual milliseconds. */
const NOTICED_MS = 1_000;

/**
 * The controller let go of the new value, which no store had taken, and could not read the old one any more, since its
 * journal named the new write. So it agreed on a deletion, and an answered write was lost (seed 911000041). How much of
 * what was under way a store takes is drawn.
 */
it('a write that the only store does not take in time ends no older value, with nothing on disk', async () => {
  for (const mode of ['hanging', 'down'] as const) {
    for (let seed = 1; seed <= 8; seed++) {
      const cluster = new SimCluster({ seed, level: 'linearizability', nodes: 1 });
      await cluster.start();
      const node = cluster.nodes[0]!;
      await ask(cluster, 0, set('k', 'old'));
      let reply: Reply | null = null;
      node.connect().submit(set('k', 'new'), (answer) => {
        reply = answer;
      });
      node.store.setMode(mode);
      await cluster.run(NOTICED_MS);
      expect(reply).toMatchObject({ code: 'STORE_FAILED' });
      expect(await read(cluster, 0, 'k')).toBe('new');
      node.store.setMode('up');
      await cluster.run(NOTICED_MS);
      expect(await read(cluster, 0, 'k')).toBe('new');
      expect(node.store.holds('k', node.newest('k')!.version)).toBe(true);
    }
  }
});
