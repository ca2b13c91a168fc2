import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PresenceProbe } from '../../../src/peer/presence-probe.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';

const probes: PresenceProbe[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const probe of probes.splice(0)) probe.close();
  for (const server of servers.splice(0)) server.close();
});

function probeOf(port: number, isLinked = () => false) {
  const gone: number[] = [];
  const probe = new PresenceProbe({
    transport: NODE_TRANSPORT,
    addressOf: () => ({ host: '127.0.0.1', port }),
    isLinked,
    onGone: (peer) => gone.push(peer),
  });
  probes.push(probe);
  return { probe, gone };
}

async function listening(): Promise<{ server: Server; port: number; calls: () => number }> {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.on('error', () => {});
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { server, port: (server.address() as AddressInfo).port, calls: () => calls };
}

describe('a link that has ended', () => {
  it('means that the process is gone when connections are refused', async () => {
    const [port] = await freePorts(1);
    const { probe, gone } = probeOf(port!);
    probe.look(0);
    await eventually(() => expect(gone).toEqual([0]));
  });

  it('means nothing while a process listens; the probe asks a few times only', async () => {
    const { port, calls } = await listening();
    const { probe, gone } = probeOf(port);
    probe.look(0);
    await eventually(() => expect(calls()).toBe(4));
    await sleep(100);
    expect(calls()).toBe(4);
    expect(gone).toEqual([]);
  });

  it('finds a port that is closed a little later than the connections', async () => {
    const { server, port } = await listening();
    server.once('connection', () => server.close());
    const { probe, gone } = probeOf(port);
    probe.look(0);
    await eventually(() => expect(gone).toEqual([0]));
  });

  it('is forgotten once there is another link, and when the probe is closed', async () => {
    const [port] = await freePorts(1);
    const linked = probeOf(port!, () => true);
    linked.probe.look(0);
    const closed = probeOf(port!);
    closed.probe.look(0);
    closed.probe.close();
    await sleep(150);
    expect([...linked.gone, ...closed.gone]).toEqual([]);
  });
});
