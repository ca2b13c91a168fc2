import { expect, it } from 'vitest';
import { HttpDoor, OWN_HTTP } from '../../../src/controller/clients/http-door.ts';
import type { HttpPorts } from '../../../src/http/http-ports.ts';

it('an HTTP side that could not be loaded is loaded for the next connection', async () => {
  let loads = 0;
  const ports: Pick<HttpPorts, 'self' | 'addresses' | 'hosts' | 'bodyBytesMax'> = {
    self: 0,
    addresses: () => [{ id: 0, host: '127.0.0.1', port: 1, httpPort: 0 }],
    hosts: [],
    get bodyBytesMax() {
      if (++loads === 1) throw new Error('too many open files');
      return 1_000;
    },
  };
  const door = new HttpDoor({ http: ports as HttpPorts, load: OWN_HTTP, onFailure: () => {} });
  await expect(door.open()).rejects.toThrow('too many open files');
  const server = await door.open();
  expect(await door.open()).toBe(server);
  await door.close();
});
