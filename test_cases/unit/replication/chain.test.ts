import { describe, expect, it } from 'vitest';
import { storageRequest } from '../../../src/protocol/make-request.ts';
import type { ChainMessage } from '../../../src/replication/chain/messages.ts';
import { ChainMembers, type Mail, NO_VERSION, view } from '../../support/chain-members.ts';
import { deleteOf, setOf } from '../../support/effects.ts';

describe('a chain', () => {
  it.each([0, 1, 2])('applies a write of controller %i everywhere, once', (node) => {
    const members = new ChainMembers();
    const outcomes = members.write(node, 'k');
    expect(outcomes).toEqual([]);
    members.run();
    expect(outcomes).toEqual([
      { kind: 'applied', existed: false, version: expect.objectContaining({ node: 0 }) },
    ]);
    expect(members.applied).toEqual([1, 1, 1]);
  });

  it('answers nothing before the tail has the write', () => {
    const members = new ChainMembers();
    const outcomes = members.write(0, 'k');
    members.run(1);
    expect([outcomes, members.applied]).toEqual([[], [0, 0, 0]]);
    expect(members.mail.map(({ from, to, message }) => [from, to, message.type])).toEqual([]);
    members.run();
    expect(outcomes).toHaveLength(1);
  });

  it.each([
    [0, ['0->1 3', '1->2 3']],
    [1, ['1->0 3', '0->1 0', '1->2 3']],
    [2, ['2->0 3', '0->1 3', '1->2 0']],
  ])('does not send a value back to controller %i, which asked for its write', (node, expected) => {
    const members = new ChainMembers();
    members.orders[node]!.write(setOf('k', NO_VERSION, { value: Buffer.from('abc') }), () => {});
    const sent: string[] = [];
    members.run(Number.POSITIVE_INFINITY, ({ from, to, message }) => {
      if (message.type !== 'chain-ask' && message.type !== 'chain-down') return;
      for (const effect of message.effects)
        if (effect.kind === 'set') sent.push(`${from}->${to} ${effect.value?.length ?? 0}`);
    });
    expect(sent).toEqual(expected);
    expect(members.stored.map((values) => values.get('k'))).toEqual(['abc', 'abc', 'abc']);
  });

  it('sends a write without its value again, over a new link and under another head', () => {
    const members = new ChainMembers();
    members.write(1, 'a');
    members.run(1);
    members.orders[0]!.flush();
    // What the head has sent down is lost with its link.
    members.mail.length = 0;
    members.orders[0]!.onPeerUp(1);
    members.orders[1]!.onPeerUp(0);
    members.run();
    members.write(2, 'b');
    members.run(2);
    // The write has reached controller 1, and not controller 2, which asked for it.
    members.enter(2, [1, 2]);
    members.run();
    expect(members.stored.slice(1).map((values) => [...values])).toEqual([
      [
        ['a', 'v'],
        ['b', 'v'],
      ],
      [
        ['a', 'v'],
        ['b', 'v'],
      ],
    ]);
  });

  it('goes on with a write that was asked for and never stamped, under another head', () => {
    const members = new ChainMembers();
    const outcomes = members.write(2, 'k');
    members.orders[2]!.flush();
    members.enter(2, [1, 2]);
    members.run();
    expect(outcomes).toMatchObject([{ kind: 'applied' }]);
    expect(members.applied.slice(1)).toEqual([1, 1]);
  });

  it('does not stamp again what a member has received, under another head', () => {
    const members = new ChainMembers();
    const outcomes = members.write(2, 'k');
    // The request reaches controller 1, and not controller 2, which has asked for it.
    members.run(2);
    members.enter(2, [1, 2]);
    members.run();
    expect(outcomes).toMatchObject([{ kind: 'applied' }]);
    expect(members.applied.slice(1)).toEqual([1, 1]);
  });

  it('does not know what became of a write that only a member knew which is gone', () => {
    const members = new ChainMembers();
    const outcomes = members.write(2, 'k');
    members.orders[2]!.flush();
    const asked = members.mail.shift()!;
    members.orders[0]!.onMessage(asked.from, asked.message);
    // Controller 0 has stamped it, and promises, but is no member of the next view.
    const union = members.orders[0]!.queued();
    for (const node of [1, 2]) {
      members.orders[node]!.freeze();
      members.orders[node]!.adopt(view(2, [1, 2]), union, null, () => {});
    }
    for (const node of [1, 2]) members.orders[node]!.install();
    members.run();
    expect(outcomes).toMatchObject([{ kind: 'unknown', code: 'VIEW_CHANGED' }]);
    expect(members.applied.slice(1)).toEqual([1, 1]);
  });

  it('regression: after a write that nobody knows of, a head that knew nothing took no further ones', () => {
    const members = new ChainMembers();
    const outcomes = [members.write(2, 'a')];
    members.run(2);
    members.enter(2, [1, 2]);
    // Controller 1 knows the first write, and stamps the second. What it tells of the first is lost.
    outcomes.push(members.write(2, 'b'));
    for (let delivered = 0; delivered < 9; delivered++) {
      for (const order of members.orders) order.flush();
      const next = members.mail.shift();
      if (next !== undefined && next.message.type !== 'chain-told')
        members.orders[next.to]!.onMessage(next.from, next.message);
    }
    outcomes.push(members.write(2, 'c'));
    for (const node of [1, 2]) members.orders[node]!.freeze();
    members.mail.length = 0;
    const base = members.orders[1]!.applied;
    members.orders[1]!.adopt(view(3, [1, 2]), [], base, () => {});
    members.orders[2]!.adopt(view(3, [1, 2]), [], null, () => {});
    for (const node of [1, 2]) members.orders[node]!.install();
    outcomes.push(members.write(2, 'd'));
    members.run();
    expect(outcomes.map(([outcome]) => outcome?.kind)).toEqual(['unknown', 'applied', 'unknown', 'applied']);
  });

  it('regression: a verdict over a new link met the same request, which was then decided again', () => {
    const members = new ChainMembers();
    const [head, asker] = [members.orders[0]!, members.orders[1]!];
    members.write(0, 'k');
    const replies: unknown[] = [];
    const request = storageRequest('add', 'k', 0, 0, Buffer.from('w'));
    asker.arbiter!.decide({ request, lastRead: null }, (decided) =>
      replies.push(decided.kind === 'decided' ? decided.verdict.reply : decided),
    );
    const isStable = ({ message }: Mail) => message.type === 'chain-stable';
    while (!members.mail.some(isStable)) members.run(1);
    head.write(deleteOf('k', NO_VERSION), () => {});
    const stable = members.mail.find(isStable)!.message;
    // All else is lost with the old link. The head sees the new one first, and then learns that its write is stable.
    members.mail.length = 0;
    head.onPeerUp(1);
    head.onMessage(2, stable);
    head.flush();
    asker.onPeerUp(0);
    members.run();
    expect(replies).toMatchObject([{ kind: 'outcome', outcome: 'stored' }]);
    expect(members.applied).toEqual([3, 3, 3]);
  });

  it('regression: a head without cluster time stamped what others asked for by its wall clock', () => {
    const members = new ChainMembers();
    members.timed.delete(0);
    const outcomes = [members.write(1, 'a'), members.write(2, 'b')];
    members.run();
    expect([outcomes, members.applied]).toEqual([
      [[], []],
      [0, 0, 0],
    ]);
    members.timed.add(0);
    outcomes.push(members.write(1, 'c'));
    members.run();
    expect(outcomes.map(([outcome]) => outcome?.kind)).toEqual(['applied', 'applied', 'applied']);
    expect(members.applied).toEqual([3, 3, 3]);
  });

  it('takes what it was asked before it had cluster time once, over a new link as well', () => {
    const members = new ChainMembers();
    members.timed.delete(0);
    const outcomes = members.write(1, 'a');
    members.run();
    members.orders[0]!.onPeerUp(1);
    members.orders[1]!.onPeerUp(0);
    members.run();
    members.timed.add(0);
    members.run();
    expect(outcomes).toMatchObject([{ kind: 'applied' }]);
    expect(members.applied).toEqual([1, 1, 1]);
  });

  it('refuses a controller that asks without end before there is cluster time', () => {
    const members = new ChainMembers();
    members.timed.delete(0);
    const ask: ChainMessage = {
      type: 'chain-ask',
      ballot: view(1).ballot,
      firstNumber: 1,
      after: 0,
      askedIn: view(1).ballot,
      settled: 0,
      effects: [setOf('k', NO_VERSION, { value: Buffer.alloc(900_000) })],
    };
    for (let i = 0; i < 5; i++) members.orders[0]!.onMessage(2, ask);
    expect(members.refused).toEqual(['2: it asks for too much at a time']);
  });

  it.each<[string, number, ChainMessage]>([
    [
      'requests from another than the one before',
      2,
      {
        type: 'chain-down',
        ballot: view(1).ballot,
        firstSeq: 1,
        effects: [],
        tickets: [],
        kept: 0,
        settled: [],
      },
    ],
    [
      'requests after a gap',
      0,
      {
        type: 'chain-down',
        ballot: view(1).ballot,
        firstSeq: 2,
        effects: [],
        tickets: [],
        kept: 0,
        settled: [],
      },
    ],
    [
      'a stable place from another than the tail',
      0,
      { type: 'chain-stable', ballot: view(1).ballot, seq: 0 },
    ],
    ['a stable place that was never received', 2, { type: 'chain-stable', ballot: view(1).ballot, seq: 9 }],
    [
      'to be asked when it is not the head',
      2,
      {
        type: 'chain-ask',
        ballot: view(1).ballot,
        firstNumber: 1,
        after: 0,
        askedIn: view(1).ballot,
        settled: 0,
        effects: [],
      },
    ],
    [
      'an answer of one that is not the head',
      2,
      { type: 'chain-told', ballot: view(1).ballot, number: 1, version: NO_VERSION, decision: null },
    ],
    [
      'requests that the head has not stamped',
      0,
      {
        type: 'chain-down',
        ballot: view(1).ballot,
        firstSeq: 1,
        effects: [setOf('k', { time: 5, node: 2 }, { value: Buffer.from('v') })],
        tickets: [{ node: 2, number: 1, verdict: null }],
        kept: 1,
        settled: [],
      },
    ],
    [
      'a write without its value that was not asked for',
      0,
      {
        type: 'chain-down',
        ballot: view(1).ballot,
        firstSeq: 1,
        effects: [setOf('k', { time: 5, node: 0 }, { value: null })],
        tickets: [{ node: 1, number: 1, verdict: null }],
        kept: 1,
        settled: [],
      },
    ],
  ])('refuses %s', (_, from, message) => {
    const members = new ChainMembers();
    members.orders[1]!.onMessage(from, message);
    expect(members.refused).toHaveLength(1);
    expect(members.applied).toEqual([0, 0, 0]);
  });
});
