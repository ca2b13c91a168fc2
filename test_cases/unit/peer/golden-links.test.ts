import { afterEach, describe, expect, it } from 'vitest';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { encodeMessage } from '../../../src/peer/codec.ts';
import type { PeerMessage } from '../../../src/peer/messages.ts';
import { prefaceOf, prefaceOfOne, VERSIONS } from '../../../src/peer/preface.ts';
import { goldenBytes } from '../../support/golden.ts';
import { allOf, CALLED_SAYS, CALLER_SAYS, GOLDEN_LINKS, GoldenEnd } from '../../support/golden-link.ts';
import { GOLDEN_MESSAGES } from '../../support/golden-messages.ts';

const { heartbeat, 'sync-next': syncNext } = GOLDEN_MESSAGES;

const ends: GoldenEnd[] = [];
afterEach(() => {
  for (const { mesh } of ends.splice(0)) mesh.close();
});

function end(node: 0 | 1, name: string, versions = VERSIONS): GoldenEnd {
  const made = new GoldenEnd(node, GOLDEN_LINKS[name]!, versions);
  ends.push(made);
  return made;
}

const NAMES = Object.keys(GOLDEN_LINKS).map((name) => [name, name.startsWith('refused')] as const);
const LEVEL_REFUSED = ['refused 1: level eventual is not sequential'];

/** The recorded bytes of both ends of each link. */
function recordedOf(release: string) {
  const bytes = goldenBytes(release, 'links.json');
  return (name: string) => ({ caller: bytes.get(`${name}: caller`)!, called: bytes.get(`${name}: called`)! });
}

describe('a link with release 0.1.0', () => {
  const recorded = recordedOf('0.1.0');

  it.each(NAMES)('%s: called by it, this release sends the bytes that it sent', (name, isRefused) => {
    const called = end(0, name);
    const { caller, called: expected } = recorded(name);
    const connection = called.accept(caller);
    if (!isRefused) called.say(CALLED_SAYS, ROOT_GROUP);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    expect(called.events.slice(0, 1)).toEqual(isRefused ? LEVEL_REFUSED : ['up 1']);
    expect(called.messages).toEqual(isRefused ? [] : CALLER_SAYS);
  });

  it.each(NAMES)('%s: calling it, this release sends the bytes that it sent', async (name, isRefused) => {
    const caller = end(1, name);
    const { caller: expected, called } = recorded(name);
    const first = await caller.call(0);
    expect(allOf(first)).toEqual(prefaceOf(VERSIONS));
    // Release 0.1.0 answers a range as a command of memcached.
    first.push(Buffer.from('ERROR\r\n'));
    expect(first.isDestroyed).toBe(true);
    const connection = await caller.call(1);
    connection.push(called);
    if (!isRefused) caller.say(CALLER_SAYS, ROOT_GROUP);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    const refused = 'refused 0: level sequential is not eventual';
    expect(caller.events.slice(0, 1)).toEqual([isRefused ? refused : 'up 0']);
    expect(caller.messages).toEqual(isRefused ? [] : CALLED_SAYS);
  });

  it('knows no groups: messages about data are of the group that holds the data', () => {
    const called = new GoldenEnd(0, { dataGroup: 1 });
    ends.push(called);
    const connection = called.accept(recorded('no secret').caller);
    expect(called.received).toEqual(['0 heartbeat', '1 ordered', '1 sync-next']);
    called.mesh.flush();
    const before = connection.bytesWritten;
    called.mesh.of(ROOT_GROUP).sendToAll(syncNext.typical!);
    called.mesh.of(1).sendToAll(heartbeat.typical!);
    called.mesh.flush();
    expect(connection.bytesWritten).toBe(before);
    called.mesh.of(1).sendToAll(syncNext.typical!);
    called.mesh.flush();
    const sent = encodeMessage(ROOT_GROUP, syncNext.typical!);
    expect(connection.writes.at(-1)!.subarray(-sent.length)).toEqual(sent);
  });

  it('is called with a range again after it has ended, since the peer may be newer by then', async () => {
    const caller = end(1, 'no secret');
    (await caller.call(0)).push(Buffer.from('ERROR\r\n'));
    const second = await caller.call(1);
    expect(allOf(second).subarray(0, prefaceOfOne(2).length)).toEqual(prefaceOfOne(2));
    second.destroy();
    expect(allOf(await caller.call(2))).toEqual(prefaceOf(VERSIONS));
  });
});

describe.each([
  ['0.2.0', { min: 2, max: 3 }],
  ['0.3.0', VERSIONS],
])('a link of release %s', (release, versions) => {
  const recorded = recordedOf(release);
  const received = (says: readonly PeerMessage[]) => says.map(({ type }, i) => `${i === 1 ? 1 : 0} ${type}`);

  it.each(NAMES)('%s: the called end sends these bytes', (name, isRefused) => {
    const called = end(0, name, versions);
    const { caller, called: expected } = recorded(name);
    const connection = called.accept(caller);
    if (!isRefused) called.say(CALLED_SAYS, 1);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    expect(called.received).toEqual(isRefused ? [] : received(CALLER_SAYS));
  });

  it.each(NAMES)('%s: the caller sends these bytes', async (name, isRefused) => {
    const caller = end(1, name, versions);
    const { caller: expected, called } = recorded(name);
    const connection = await caller.call(0);
    connection.push(called);
    if (!isRefused) caller.say(CALLER_SAYS, 1);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    expect(caller.received).toEqual(isRefused ? [] : received(CALLED_SAYS));
  });
});

describe('a link without a common version', () => {
  const range = prefaceOf({ min: 5, max: 6 });
  const reason = 'it speaks versions 5 to 6 of the peer protocol, and this controller speaks versions 2 to 4';

  it('is refused by the called end, which sends its own range', () => {
    const called = end(0, 'no secret');
    const connection = called.accept(range);
    expect(allOf(connection)).toEqual(prefaceOf(VERSIONS));
    expect(connection.isDestroyed).toBe(true);
    expect(called.events).toEqual([`stranger: ${reason}`]);
  });

  it('is refused by the caller', async () => {
    const caller = end(1, 'no secret');
    const connection = await caller.call(0);
    connection.push(range);
    expect(allOf(connection)).toEqual(prefaceOf(VERSIONS));
    expect(connection.isDestroyed).toBe(true);
    expect(caller.events).toEqual([`refused 0: ${reason}`]);
    expect(caller.mesh.refusalOf(0)).toBe(reason);
  });
});
