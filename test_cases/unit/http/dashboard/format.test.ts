import { expect, it } from 'vitest';
import { bytes, count, counted, duration, percent } from '../../../../src/http/dashboard/page/format.js';

it('numbers are short', () => {
  expect([0, 7, 0.25, 99.94, 250.4, 9_999, 12_345, 4_600_000, 7.2e9].map(count)).toEqual([
    '0',
    '7',
    '0.3',
    '99.9',
    '250',
    '9,999',
    '12.3 k',
    '4.6 M',
    '7.2 G',
  ]);
});

it('bytes have a unit', () => {
  expect([0, 512, 12_300, 146_000_000, 1.2e9].map(bytes)).toEqual([
    '0 B',
    '512 B',
    '12.3 kB',
    '146 MB',
    '1.2 GB',
  ]);
});

it('durations have the unit that fits', () => {
  expect([0, 0.42, 2.44, 85.2, 1_200, 63_000, 180_000, 3_600_000 * 5, 3_600_000 * 72].map(duration)).toEqual([
    '0 ms',
    '0.42 ms',
    '2.4 ms',
    '85 ms',
    '1.2 s',
    '63 s',
    '3 min',
    '5 h',
    '3 d',
  ]);
});

it('what is not known is a dash', () => {
  for (const value of [null, undefined, Number.NaN]) {
    expect([count, bytes, duration, percent].map((text) => text(value))).toEqual(['–', '–', '–', '–']);
  }
});

it('a share is a percentage', () => {
  expect([0, 0.9375, 1].map(percent)).toEqual(['0 %', '93.8 %', '100 %']);
});

it('one of a kind has no plural', () => {
  expect([counted(1, 'key'), counted(2, 'key'), counted(1_200, 'entry', 'entries')]).toEqual([
    '1 key',
    '2 keys',
    '1,200 entries',
  ]);
});
