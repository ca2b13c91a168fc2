import { describe, expect, it } from 'vitest';
import { memberChangeOf } from '../../../src/controller/admin/member-changes.ts';
import { type Configuration, votersOf } from '../../../src/placement/configuration.ts';
import { settled, withAdded, withVoters } from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

/** What controller 0 makes of the words, where it hears these peers. */
function changeOf(
  words: { readonly come?: string; readonly go?: string },
  configuration: Configuration,
  heard: readonly number[],
  trouble = '',
  spread = '',
  isMoving = false,
  areAllSpread = false,
  ending: readonly number[] = [],
) {
  const { come = null, go = null } = words;
  const situation = {
    node: 0,
    configuration,
    heard,
    ending,
    joinTroubleOf: () => trouble,
    isLeftBehind: () => false,
    spreadOver: (id: number) => (id === 4 && spread !== '' ? [spread] : []),
    isMoving,
    areAllSpread,
  };
  return memberChangeOf({ come, go }, situation);
}

/** The voters after the change; what is wrong with it where there is none. */
function after(...args: Parameters<typeof changeOf>): readonly number[] | string {
  const parsed = changeOf(...args);
  if (parsed.kind === 'change') return votersOf(parsed.to);
  return parsed.kind === 'same' ? `same: ${parsed.text}` : `${parsed.kind}: ${parsed.reason}`;
}

const FIVE = configurationOfSize(5);
const ALL = [1, 2, 3, 4];
const WITHOUT_4 = settled(withVoters(FIVE, [], [4]) as Configuration);
const ADDRESS_4 = `${FIVE.controllers[4]!.host}:${FIVE.controllers[4]!.port}`;

describe('a change of the controllers that vote', () => {
  it('names them by id or by address', () => {
    for (const go of ['4', 'controller-4', ADDRESS_4]) expect(after({ go }, FIVE, ALL)).toEqual([0, 1, 2, 3]);
    expect(after({ come: ADDRESS_4 }, WITHOUT_4, ALL)).toEqual([0, 1, 2, 3, 4]);
    expect(after({ come: '4', go: '3' }, WITHOUT_4, ALL)).toEqual([0, 1, 2, 4]);
  });

  it('is refused for a controller that there is none of, for this one, and for half of it', () => {
    expect(after({ go: '9' }, FIVE, ALL)).toContain('refused: 9 is no controller of this cluster');
    expect(after({ go: '0' }, FIVE, ALL)).toContain('does not remove itself: ask another controller');
    expect(after({ come: '3', go: '2' }, FIVE, ALL)).toContain('refused: controller 3');
  });

  it('is done already when it is asked for again', () => {
    expect(after({ come: '3' }, FIVE, ALL)).toContain('same: controller 3');
    expect(after({ go: '4' }, WITHOUT_4, ALL)).toContain('same: controller 4');
  });

  it('gives an id to a controller at an address that is not known, and drops one that never voted', () => {
    const joining = changeOf({ come: 'localhost:9000' }, FIVE, ALL);
    expect(joining).toMatchObject({ kind: 'change', come: [] });
    const { to, text } = joining as Extract<typeof joining, { kind: 'change' }>;
    expect(text).toContain('controller 5 (127.0.0.1:9000) joins');
    expect(after({ come: '127.0.0.1:9000' }, to, [...ALL, 5])).toEqual([0, 1, 2, 3, 4, 5]);
    const dropped = changeOf({ go: 'localhost:9000' }, to, ALL);
    expect(dropped).toMatchObject({ kind: 'change', to: { nextId: 6 } });
    const left = (dropped as typeof joining & { to: Configuration }).to;
    expect(after({ go: '5' }, left, ALL)).toContain('same: controller 5 is none of the cluster any more');
    expect(after({ come: '5' }, left, ALL)).toContain('refused: 5 is no controller');
    expect(after({ come: 'x:70000' }, FIVE, ALL)).toContain('refused: x:70000 is no controller');
    expect(changeOf({ come: 'x:1' }, FIVE, [1])).toMatchObject({ code: 'NO_MAJORITY' });
  });

  it('changes nothing while a keyspace is changed, whoever has shards of it', () => {
    const refusal = 'refused: which controllers vote can be changed while no keyspace is being changed';
    expect(after({ go: '3' }, FIVE, ALL, '', '', true)).toContain(refusal);
    expect(after({ come: 'x:1' }, FIVE, ALL, '', '', true)).toContain(refusal);
    expect(after({ come: '4' }, WITHOUT_4, ALL, '', '', true)).toContain(refusal);
    expect(after({ come: '4' }, WITHOUT_4, ALL, '', 'carts', true)).toContain(refusal);
  });

  it('keeps who has shards', () => {
    expect(after({ go: '4' }, FIVE, ALL, '', 'carts')).toContain(
      'has shards of carts: first have others take them, by keyspace carts rebalance without 4',
    );
    expect(after({ go: '3' }, FIVE, ALL, '', 'carts')).toEqual([0, 1, 2, 4]);
  });

  it('tells how one that has shards is dropped if it is gone for good', () => {
    const isGone = { reason: expect.stringContaining('member remove 4 --force') };
    expect(changeOf({ go: '4' }, FIVE, [1, 2, 3], '', 'carts')).toMatchObject(isGone);
    expect(changeOf({ go: '4' }, FIVE, ALL, '', 'carts')).not.toMatchObject(isGone);
  });

  it('is not made while those that would be left are about to end', () => {
    const ending = (...ids: number[]) => after({ go: '4' }, FIVE, ALL, '', '', false, false, ids);
    expect(ending(1, 2)).toContain('later: controller 1 (');
    expect(ending(1, 2)).toContain('would be needed for a majority, and are about to end');
    expect(ending(1)).toEqual([0, 1, 2, 3]);
    expect(ending(1, 4)).toEqual([0, 1, 2, 3]);
  });

  it('takes in all that join and can be taken in, if that is asked for, up to seven voters', () => {
    let configuration = FIVE;
    for (const port of [1, 2, 3])
      configuration = withAdded(configuration, { host: '127.0.0.1', port }, 'joining') as Configuration;
    const ready = (...ids: number[]) => ({
      node: 0,
      configuration,
      heard: [...ALL, 5, 6, 7],
      ending: [],
      joinTroubleOf: (id: number) => (ids.includes(id) ? '' : 'is catching up'),
      isLeftBehind: () => false,
      spreadOver: () => [],
      isMoving: false,
      areAllSpread: false,
    });
    const together = { come: '6', go: null, allThatJoin: true } as const;
    expect(memberChangeOf(together, ready(6, 7))).toMatchObject({ kind: 'change', come: [6, 7] });
    expect(memberChangeOf(together, ready(5, 6, 7))).toMatchObject({ kind: 'change', come: [6, 5] });
    expect(memberChangeOf(together, ready(5, 7))).toMatchObject({ code: 'CATCHING_UP' });
    expect(memberChangeOf({ come: '6', go: null }, ready(6, 7))).toMatchObject({ come: [6] });
  });

  it('waits for one that is to come and has not caught up, and for the change before', () => {
    const joint = withVoters(FIVE, [], [4]) as Configuration;
    expect(changeOf({ come: '4' }, WITHOUT_4, ALL, 'is catching up')).toMatchObject({ code: 'CATCHING_UP' });
    expect(changeOf({ go: '3' }, joint, ALL)).toMatchObject({ code: 'MEMBERS_CHANGING' });
  });

  it('leaves a majority that is heard, of the voters before it and after it', () => {
    expect(after({ go: '4' }, FIVE, [1, 2])).toEqual([0, 1, 2, 3]);
    expect(changeOf({ go: '4' }, FIVE, [1, 4])).toMatchObject({ kind: 'later', code: 'NO_MAJORITY' });
    expect(changeOf({ go: '4' }, FIVE, [1])).toMatchObject({ kind: 'later', code: 'NO_MAJORITY' });
  });
});
