import { afterEach, describe, expect, it } from 'vitest';
import { firstWordsOf, firstWordsOfOne, VERSIONS } from '../../../src/peer/first-words.ts';
import { goldenBytes } from '../../support/golden.ts';
import { allOf, GOLDEN_LINKS, GoldenEnd } from '../../support/golden-link.ts';
import { GOLDEN_MESSAGES } from '../../support/golden-messages.ts';

const { heartbeat, ordered, push, granted, 'sync-next': syncNext } = GOLDEN_MESSAGES;

/** What the two ends of a recorded link say once it is up: two messages in a frame, and one more. */
const CALLED_SAYS = [heartbeat.recovered!, push.allEffects!, granted.typical!] as const;
const CALLER_SAYS = [heartbeat.typical!, ordered.typical!, syncNext.typical!] as const;

const ends: GoldenEnd[] = [];
afterEach(() => {
  for (const { mesh } of ends.splice(0)) mesh.close();
});

function end(node: 0 | 1, name: string): GoldenEnd {
  const made = new GoldenEnd(node, GOLDEN_LINKS[name]!);
  ends.push(made);
  return made;
}

const NAMES = Object.keys(GOLDEN_LINKS).map((name) => [name, name.startsWith('refused')] as const);
const LEVEL_REFUSED = ['refused 1: level eventual is not sequential'];

function sayAll(from: GoldenEnd, [first, second, last]: typeof CALLED_SAYS | typeof CALLER_SAYS): void {
  from.mesh.flush();
  from.say(first, second);
  from.say(last);
}

/** The recorded bytes of both ends of each link. */
function recordedOf(release: string) {
  const bytes = goldenBytes(release, 'links.json');
  return (name: string) => ({ caller: bytes.get(`${name}: caller`)!, called: bytes.get(`${name}: called`)! });
}

describe('a link with release 0.1.0', () => {
  const recorded = recordedOf('0.1.0');

  it.each(NAMES)('%s: called by it, this release says what that one said', (name, isRefused) => {
    const called = end(0, name);
    const { caller, called: expected } = recorded(name);
    const connection = called.accept(caller);
    if (!isRefused) sayAll(called, CALLED_SAYS);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    expect(called.events.slice(0, 1)).toEqual(isRefused ? LEVEL_REFUSED : ['up 1']);
    expect(called.messages).toEqual(isRefused ? [] : CALLER_SAYS);
  });

  it.each(NAMES)('%s: calling it, this release says what that one said', async (name, isRefused) => {
    const caller = end(1, name);
    const { caller: expected, called } = recorded(name);
    const first = await caller.call(0);
    expect(allOf(first)).toEqual(firstWordsOf(VERSIONS));
    // Its answer to a range.
    first.push(Buffer.from('ERROR\r\n'));
    expect(first.isDestroyed).toBe(true);
    const connection = await caller.call(1);
    connection.push(called);
    if (!isRefused) sayAll(caller, CALLER_SAYS);
    expect(allOf(connection).toString('hex')).toBe(expected.toString('hex'));
    const refused = 'refused 0: level sequential is not eventual';
    expect(caller.events.slice(0, 1)).toEqual([isRefused ? refused : 'up 0']);
    expect(caller.messages).toEqual(isRefused ? [] : CALLED_SAYS);
  });

  it('is called with a range again after it has ended, since the peer may be newer by then', async () => {
    const caller = end(1, 'no secret');
    (await caller.call(0)).push(Buffer.from('ERROR\r\n'));
    const second = await caller.call(1);
    expect(allOf(second).subarray(0, firstWordsOfOne(2).length)).toEqual(firstWordsOfOne(2));
    second.destroy();
    expect(allOf(await caller.call(2))).toEqual(firstWordsOf(VERSIONS));
  });
});

describe('a link without a common version', () => {
  const range = firstWordsOf({ min: 4, max: 6 });
  const reason = 'it speaks versions 4 to 6 of the peer protocol, and this controller speaks versions 2 to 3';

  it('is refused by the called end, which says what it speaks', () => {
    const called = end(0, 'no secret');
    const connection = called.accept(range);
    expect(allOf(connection)).toEqual(firstWordsOf(VERSIONS));
    expect(connection.isDestroyed).toBe(true);
    expect(called.events).toEqual([`stranger: ${reason}`]);
  });

  it('is refused by the caller', async () => {
    const caller = end(1, 'no secret');
    const connection = await caller.call(0);
    connection.push(range);
    expect(allOf(connection)).toEqual(firstWordsOf(VERSIONS));
    expect(connection.isDestroyed).toBe(true);
    expect(caller.events).toEqual([`refused 0: ${reason}`]);
    expect(caller.mesh.refusalOf(0)).toBe(reason);
  });
});
