import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, Listener } from '../../../src/base/transport.ts';
import { type Direction, HoldingTransport } from '../../../src/transport/holding-transport.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';

/** Long enough for bytes on loopback to arrive, in milliseconds, if nothing holds them. */
const LONG_ENOUGH_MS = 100;

const bytesOf = (text: string) => Buffer.from(text, 'latin1');

const open: (Connection | Listener)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) 'destroy' in one ? one.destroy() : one.close();
});

/** One end of a connection, and what it has received. */
class End {
  connection: Connection | null = null;
  text = '';
  onData = (chunk: Buffer): void => {
    this.text += chunk.toString('latin1');
  };
  onEnd = (): void => {};
  onError = (): void => {};
  onClose = (): void => {};

  write(text: string): void {
    this.connection!.write(bytesOf(text));
  }
}

/** A holding transport, and an address where the connections that it makes are accepted. */
async function scene() {
  const transport = new HoldingTransport(NODE_TRANSPORT);
  const address = { host: '127.0.0.1', port: await freePort() };
  const called: End[] = [];
  const listener = await NODE_TRANSPORT.listen(address, 16, (connection) => {
    const end = new End();
    end.connection = connection;
    connection.handle(end);
    called.push(end);
    open.push(connection);
  });
  open.push(listener);
  const call = (): End => {
    const end = new End();
    end.connection = transport.connect(address, end);
    open.push(end.connection);
    return end;
  };
  return { transport, address, called, call };
}

const other = (direction: Direction): Direction => (direction === 'sent' ? 'received' : 'sent');

describe.each(['sent', 'received'] as const)('what is %s', (direction) => {
  /** The end that the held bytes come from, and the one that they go to. */
  const ordered = (caller: End, called: End) => (direction === 'sent' ? [caller, called] : [called, caller]);

  it('waits while it is held, and comes in its order afterwards', async () => {
    const { transport, address, called, call } = await scene();
    const caller = call();
    await eventually(() => called.length === 1);
    const [from, to] = ordered(caller, called[0]!) as [End, End];
    from.write('before ');
    await eventually(() => expect(to.text).toBe('before '));
    transport.hold({ address, direction });
    from.write('one ');
    from.write('two ');
    to.write('the other way');
    await eventually(() => expect(from.text).toBe('the other way'));
    await sleep(LONG_ENOUGH_MS);
    expect(to.text).toBe('before ');
    transport.release({ address, direction });
    from.write('three');
    await eventually(() => expect(to.text).toBe('before one two three'));
  });

  it('is held also on a connection that is made meanwhile', async () => {
    const { transport, address, called, call } = await scene();
    transport.hold({ address, direction });
    const caller = call();
    await eventually(() => called.length === 1);
    const [from, to] = ordered(caller, called[0]!) as [End, End];
    from.write('late');
    await sleep(LONG_ENOUGH_MS);
    expect(to.text).toBe('');
    transport.release({ address, direction });
    await eventually(() => expect(to.text).toBe('late'));
  });

  it('may be held twice and released twice, and independently of the other way', async () => {
    const { transport, address, called, call } = await scene();
    const caller = call();
    await eventually(() => called.length === 1);
    const [from, to] = ordered(caller, called[0]!) as [End, End];
    for (const held of [direction, direction, other(direction)]) transport.hold({ address, direction: held });
    for (const _ of [1, 2]) transport.release({ address, direction });
    from.write('through');
    to.write('held');
    await eventually(() => expect(to.text).toBe('through'));
    await sleep(LONG_ENOUGH_MS);
    expect(from.text).toBe('');
    transport.release({ address, direction: other(direction) });
    await eventually(() => expect(from.text).toBe('held'));
  });

  it('is held to one address, and flows to another', async () => {
    const { transport, address, called, call } = await scene();
    transport.hold({ address: { ...address, port: address.port - 1 }, direction });
    const caller = call();
    await eventually(() => called.length === 1);
    const [from, to] = ordered(caller, called[0]!) as [End, End];
    from.write('free');
    await eventually(() => expect(to.text).toBe('free'));
  });
});
