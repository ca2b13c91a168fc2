import { describe, expect, it } from 'vitest';
import { History } from '../../../../src/http/dashboard/page/history.js';

const START = Date.UTC(2026, 4, 4, 12) / 1000;

function samples(last: number, values: readonly (number | null)[], { run = 'a', offset = 0 } = {}) {
  const lastAt = new Date((START + last + offset) * 1000).toISOString();
  return { run, last, lastAt, figures: { operations: [...values] } };
}

describe('the history of the figures', () => {
  it('puts the samples of all controllers on one axis', () => {
    const history = new History();
    history.add(0, samples(3, [1, 2, 3, 4]));
    history.add(1, samples(2, [10, 20]));
    expect(history.end).toBe(START + 3);
    expect(history.column(0, 'operations', START, 5)).toEqual([1, 2, 3, 4, null]);
    expect(history.column(1, 'operations', START, 5)).toEqual([null, 10, 20, null, null]);
    expect(history.column(2, 'operations', START, 2)).toEqual([null, null]);
  });

  it('takes samples that come again in their place, although the clock is read at another moment', () => {
    const history = new History();
    history.add(0, samples(3, [1, 2, 3, 4]));
    history.add(0, samples(5, [3, 4, 5, 6], { offset: 0.9 }));
    expect(history.column(0, 'operations', START, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('places a run anew when its clock was set', () => {
    const history = new History();
    history.add(0, samples(3, [1, 2, 3, 4]));
    history.add(0, samples(4, [5], { offset: 60 }));
    expect(history.column(0, 'operations', START + 64, 1)).toEqual([5]);
  });

  it('keeps what a run before this one has done', () => {
    const history = new History();
    history.add(0, samples(3, [1, 2, 3, 4]));
    history.add(0, samples(1, [7, 8], { run: 'b', offset: 6 }));
    expect(history.column(0, 'operations', START, 8)).toEqual([1, 2, 3, 4, null, null, 7, 8]);
  });

  it('forgets what is older than ten minutes', () => {
    const history = new History();
    history.add(0, samples(0, [1]));
    history.add(0, samples(700, [2]));
    expect(history.column(0, 'operations', START, 1)).toEqual([null]);
    expect(history.newest(0, 'operations')).toBe(2);
  });

  it('has no newest figure of a controller that has stopped', () => {
    const history = new History();
    history.add(0, samples(3, [1, 2, 3, 4]));
    history.add(1, samples(60, [9]));
    expect(history.newest(0, 'operations')).toBeNull();
    expect(history.newest(1, 'operations')).toBe(9);
  });
});
