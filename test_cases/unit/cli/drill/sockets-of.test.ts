import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { connectionsBetween, connectionsIn } from '../../../../src/cli/drill/sockets-of.ts';

/** A part of /proc/net/tcp and of /proc/net/tcp6. */
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (addresses: string, state: string, inode: number) =>
  `   1: ${addresses} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 20 4`;
const LOOPBACK_6 = '00000000000000000000000001000000';
const TABLE = [
  HEAD,
  row('0100007F:1F40 00000000:0000', '0A', 9001),
  row('0100007F:1F40 0100007F:D431', '01', 9002),
  row('0100007F:D432 0100007F:1F40', '06', 0),
  row(`${LOOPBACK_6}:D431 ${LOOPBACK_6}:1F41`, '01', 9004),
  '',
].join('\n');

it('finds the established connections in the table of the kernel', () => {
  expect(connectionsIn(TABLE)).toEqual([
    { local: 8000, remote: 0xd431, inode: '9002' },
    { local: 0xd431, remote: 8001, inode: '9004' },
  ]);
  expect(connectionsIn('')).toEqual([]);
});

it.runIf(process.platform === 'linux')(
  'finds the connections between two processes, and no others',
  async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    await once(client, 'connect');
    const both = connectionsBetween(process.pid, [process.pid]).filter(
      ({ local, remote }) => local === port || remote === port,
    );
    expect(both.map(({ local }) => local).sort()).toEqual([port, client.localPort!].sort());
    expect(connectionsBetween(process.pid, [process.ppid])).not.toContainEqual(both[0]);
    client.destroy();
    server.close();
  },
);
