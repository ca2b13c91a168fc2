import { expect, test } from 'vitest';
import { resolveConfiguration } from '../../../src/cli/settings/configuration.ts';
import { ownSettings } from '../../../src/cli/settings/setting-table.ts';
import { configuredOf } from '../../../src/controller/settings.ts';
import { idsOf, isFollower, votersOf } from '../../../src/placement/configuration.ts';

/** The configuration that a cluster of so many controllers is formed with. */
function formed(controllers: number, given: Parameters<typeof ownSettings>[0]) {
  const peers = Array.from({ length: controllers }, (_, id) => `10.0.0.${id + 1}:8000`).join();
  return configuredOf(resolveConfiguration([ownSettings({ peers, ...given })]));
}

test('of more than seven controllers the first seven vote where every keyspace has shards', () => {
  const configuration = formed(9, { shards: '9' });
  expect(votersOf(configuration)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(idsOf(configuration).filter((id) => isFollower(configuration, id))).toEqual([7, 8]);
});

test('seven controllers all vote', () => {
  expect(votersOf(formed(7, { shards: '9' }))).toHaveLength(7);
});

test('all vote where a keyspace has no shards', () => {
  expect(votersOf(formed(9, { shards: '1' }))).toHaveLength(9);
  expect(votersOf(formed(9, { shards: '9', keyspaces: 'carts=cart::eventual' }))).toHaveLength(9);
  expect(votersOf(formed(9, { shards: '9', keyspaces: 'carts=cart::eventual/3x2' }))).toHaveLength(7);
});
