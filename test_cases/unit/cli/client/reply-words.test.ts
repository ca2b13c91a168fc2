import { describe, expect, it } from 'vitest';
import { isHelpTopic } from '../../../../src/cli/client/client-help.ts';
import { explain, misunderstanding } from '../../../../src/cli/client/reply-words.ts';

const replied = (line: string) => ({
  parts: [Buffer.from(line)],
  failed: /^(ERROR|CLIENT_ERROR|SERVER_ERROR)/.test(line),
});

describe('what the client says of an answer', () => {
  it.each([
    ['gte', 'ERROR', 'there is no command "gte"; did you mean "get"?'],
    ['moniter', 'ERROR', 'there is no command "moniter"; did you mean "monitor"?'],
    ['xyzzyx', 'ERROR', 'there is no command "xyzzyx"; "help" lists what there is'],
    ['mg', 'ERROR', 'not with these words; usage: mg <key> [<flag> …]'],
    ['newer', 'OK', null],
    ['mg', 'EN', null],
    ['mg', 'CLIENT_ERROR invalid flag', null],
  ])('%s is answered with %s: how it has to be written', (word, line, words) => {
    expect(misunderstanding(word, replied(line))).toBe(words);
  });

  it('is how it has to be written first, and then what the answer means', () => {
    expect(explain('gte', replied('ERROR'))).toContain('did you mean');
    expect(explain('get', replied('END'))).toBe('there is no such key');
    expect(explain('mg', replied('CLIENT_ERROR invalid flag'))).toContain('nothing was changed');
    expect(explain('set', replied('STORED'))).toBeNull();
  });

  it('there is help on commands and on words of the client, and on nothing else', () => {
    expect(['', 'mg', 'monitor', 'gte'].map(isHelpTopic)).toEqual([true, true, true, false]);
  });
});
