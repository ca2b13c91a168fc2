import { expect, it } from 'vitest';
import type { Level } from '../../src/consistency/level.ts';
import { Stage } from './stage.ts';

/**
 * Main scenes of a cluster's life, each with its whole transcript in `scenes/`, to be read as documentation.
 * `npx vitest run --project sim scenes -u` writes them anew; the difference then shows what has changed.
 */
function scene(name: string, level: Level, play: (stage: Stage) => void): void {
  it(name, async () => {
    const stage = new Stage(level);
    play(stage);
    await expect(String(stage)).toMatchFileSnapshot(`scenes/${name.replaceAll(/[^a-z]+/g, '-')}.txt`);
  });
}

scene('the life of a write', 'linearizability', (stage) => {
  stage.say(
    'Controller 0 stamps the write, and answers once all have it and it is applied there: a round trip.',
  );
  stage.ask(0, 'a', { kind: 'set', value: '1' });
  stage.run(10);
  stage.say('A read waits for the writes on its key that are under way; one of another key does not.');
  stage.ask(0, 'a', { kind: 'set', value: '2' });
  stage.run(1.5);
  stage.ask(1, 'a', { kind: 'get' });
  stage.ask(2, 'b', { kind: 'get' });
  stage.run(10);
  stage.say(
    'Two count at once on the same number: the condition of one no longer holds when its turn comes.',
  );
  stage.ask(0, 'a', { kind: 'incr', by: 1 });
  stage.ask(1, 'a', { kind: 'incr', by: 1 });
  stage.run(10);
});

scene('a member dies with requests in flight and returns', 'linearizability', (stage) => {
  stage.ask(0, 'a', { kind: 'set', value: '1' });
  stage.run(10);
  stage.say('Two writes are on their way; controller 2 dies before it can say that it has the second.');
  stage.ask(2, 'a', { kind: 'set', value: '2' });
  stage.run(0.5);
  stage.ask(0, 'b', { kind: 'set', value: '3' });
  stage.run(1);
  stage.cluster.nodes[2]!.kill();
  stage.run(1_500);
  stage.say('It is back, with nothing remembered.');
  stage.cluster.nodes[2]!.start();
  stage.run(1_500);
  stage.say('It serves, and knows what was agreed without it.');
  stage.ask(2, 'a', { kind: 'get' });
  stage.ask(2, 'b', { kind: 'get' });
  stage.run(10);
});
