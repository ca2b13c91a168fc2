import { expect, it } from 'vitest';
import { LocalControllers } from '../../support/local-controllers.ts';
import { RawHttp } from '../../support/raw-http.ts';

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

it('a controller that ends closes the connections of HTTP clients, with their last answers', async () => {
  const cluster = await LocalControllers.start(1);
  using idle = await RawHttp.connect(cluster.port);
  idle.send(HEALTH);
  expect((await idle.answer()).headers.connection).toBe('keep-alive');
  using asking = await RawHttp.connect(cluster.port);
  asking.send(HEALTH);
  await asking.answer();
  const stopped = cluster.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  asking.send(HEALTH);
  expect((await asking.answer()).headers.connection).toBe('close');
  await Promise.all([asking.ended(), idle.ended(), stopped]);
});

it('a controller that ends waits for no HTTP client that takes no answer', async () => {
  const cluster = await LocalControllers.start(1);
  using http = await RawHttp.connect(cluster.port);
  http.pause();
  http.send('GET /v1/controllers/self HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5_000));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = performance.now();
  await cluster.stop();
  expect(performance.now() - before).toBeLessThan(10_000);
});
