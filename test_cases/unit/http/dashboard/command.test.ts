import { expect, it } from 'vitest';
import { requestOf } from '../../../../src/http/dashboard/page/command.js';

it.each([
  ['get greeting', 'get greeting\r\n'],
  ['  stats   settings ', 'stats   settings\r\n'],
  ['set greeting hello', 'set greeting 0 0 5\r\nhello\r\n'],
  ['set greeting hello world', 'set greeting 0 0 11\r\nhello world\r\n'],
  ['set greeting "two\\nlines"', 'set greeting 0 0 9\r\ntwo\nlines\r\n'],
  ["append greeting ' more '", 'append greeting 0 0 6\r\n more \r\n'],
  ['set city Zürich', 'set city 0 0 7\r\nZürich\r\n'],
  ['set greeting 5 60 5 hello', 'set greeting 5 60 5\r\nhello\r\n'],
  ['ms greeting 5 T60 hello', 'ms greeting 5 T60\r\nhello\r\n'],
  ['ms empty 0', 'ms empty 0\r\n\r\n'],
])('%s', (line, request) => {
  expect(requestOf(line)).toBe(request);
});

it.each([
  ['set', /usage: set/],
  ['set greeting', /usage: set/],
  ['set greeting 0 0 9 hello', /has 5 bytes, but 9 are announced/],
  ['ms greeting', /usage: ms/],
  ['ms greeting -1 x', /usage: ms/],
])('%s is not sent', (line, reason) => {
  expect(() => requestOf(line)).toThrow(reason);
});
