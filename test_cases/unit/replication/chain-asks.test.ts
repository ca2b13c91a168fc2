import { describe, expect, it } from 'vitest';
import { Asks } from '../../../src/replication/chain/asks.ts';
import { setOf } from '../../support/effects.ts';

const draft = (key: string) => setOf(key, { time: 0, node: 0 }, { value: Buffer.from('v') });

const ballot = (counter: number) => ({ counter, node: 0 });

describe('asks', () => {
  it('are sent in runs of one view, and again when they are to be', () => {
    const asks = new Asks();
    const [first, second] = [ballot(1), ballot(2)];
    asks.addWrite(draft('a'), first, () => {});
    asks.addWrite(draft('b'), first, () => {});
    asks.addWrite(draft('c'), second, () => {});
    const numbers = () => {
      const ask = asks.takeUnsent(second);
      return ask?.type === 'chain-ask' ? ask.effects.map((_, i) => ask.firstNumber + i) : [];
    };
    expect([numbers(), numbers(), numbers()]).toEqual([[1, 2], [3], []]);
    asks.take(1);
    expect(asks.settled).toBe(1);
    asks.unsend();
    expect([numbers(), numbers()]).toEqual([[2], [3]]);
    asks.take(3);
    asks.take(2);
    expect([asks.settled, asks.bytes, asks.size]).toEqual([3, 0, 0]);
  });
});
