import { expect, it } from 'vitest';
import type { Level } from '../../src/consistency/level.ts';
import { Stage } from './stage.ts';

/**
 * Main scenes of a cluster's life, each with its whole transcript in `scenes/`, to be read as documentation.
 * `npx vitest run --project sim scenes -u` writes them anew; the difference then shows what has changed.
 */
function scene(name: string, level: Level, play: (stage: Stage) => Promise<void>): void {
  it(name, async () => {
    const stage = await Stage.set(level);
    await play(stage);
    await expect(String(stage)).toMatchFileSnapshot(`scenes/${name.replaceAll(/[^a-z]+/g, '-')}.txt`);
  });
}

scene('the life of a write', 'linearizability', async (stage) => {
  stage.say(
    'Controller 0 stamps the write, and answers once all have it and it is applied there: a round trip.',
  );
  stage.ask(0, 'a', { kind: 'set', value: '1' });
  await stage.run(10);
  stage.say('A read waits for the writes on its key that are under way; one of another key does not.');
  stage.ask(0, 'a', { kind: 'set', value: '2' });
  await stage.run(1.5);
  stage.ask(1, 'a', { kind: 'get' });
  stage.ask(2, 'b', { kind: 'get' });
  await stage.run(10);
  stage.say(
    'Two count at once on the same number: the condition of one no longer holds when its turn comes.',
  );
  stage.ask(0, 'a', { kind: 'incr', by: 1 });
  stage.ask(1, 'a', { kind: 'incr', by: 1 });
  await stage.run(10);
});

scene('a member dies with requests in flight and returns', 'linearizability', async (stage) => {
  stage.ask(0, 'a', { kind: 'set', value: '1' });
  await stage.run(10);
  stage.say('Two writes are on their way; controller 2 dies before it can say that it has the second.');
  stage.ask(2, 'a', { kind: 'set', value: '2' });
  await stage.run(0.5);
  stage.ask(0, 'b', { kind: 'set', value: '3' });
  await stage.run(1);
  stage.cluster.nodes[2]!.kill();
  await stage.run(1_500);
  stage.say('It is back, with nothing remembered.');
  stage.cluster.nodes[2]!.start();
  await stage.run(1_500);
  stage.say('It serves, and knows what was agreed without it.');
  stage.ask(2, 'a', { kind: 'get' });
  stage.ask(2, 'b', { kind: 'get' });
  await stage.run(10);
});

scene('a duel of two proposers ends in one view', 'linearizability', async (stage) => {
  const { network, nodes } = stage.cluster;
  stage.say(
    'Controller 0 stands still. What 1 sends reaches 2 late, so that both propose a view without it.',
  );
  network.extraMs.set('1>2', 80);
  nodes[0]!.pause();
  await stage.run(1_200);
  stage.say('One of them has got through. The other, in whatever view it was, has followed.');
  stage.ask(1, 'a', { kind: 'set', value: '1' });
  await stage.run(300);
  stage.ask(2, 'a', { kind: 'get' });
  await stage.run(10);
});

scene('a controller that was cut off returns', 'linearizability', async (stage) => {
  const { network, nodes } = stage.cluster;
  stage.ask(2, 'a', { kind: 'set', value: '1' });
  await stage.run(10);
  stage.say('Controller 2 is cut off. The others go on without it, when its lease has run out.');
  network.cut(0, 2);
  network.cut(1, 2);
  await stage.run(700);
  stage.ask(0, 'a', { kind: 'set', value: '2' });
  await stage.run(10);
  stage.say('It knows that it can know nothing.');
  stage.ask(2, 'a', { kind: 'get' });
  await stage.run(10);
  stage.say('The cut is healed: it learns that a view is served without it, catches up, and is taken in.');
  network.heal(0, 2);
  network.heal(1, 2);
  await stage.run(1_500);
  stage.ask(2, 'a', { kind: 'get' });
  await stage.run(10);
  if (nodes[2]!.core!.view?.members.length !== 3) throw new Error('the scene did not end as it should');
});
