import type { Action, Answer, Event } from '../../src/checkers/history.ts';

/**
 * Parses `client key action -> answer @from-to`, such as `0 x set:1 -> stored @0-2`; `?` stands for an unknown outcome.
 */
export function event(line: string): Event {
  const [, client, key, action, answer, from, to] = /^(\d) (\S+) (\S+) -> (\S+) @(\d+)-(\d+)$/.exec(line)!;
  const unknown = answer === '?';
  return {
    client: Number(client),
    key: key === '*' ? '' : key!,
    action: actionOf(action!),
    answer: unknown ? { kind: 'unknown' } : answerOf(answer!),
    invokedAt: Number(from),
    returnedAt: unknown ? Number.POSITIVE_INFINITY : Number(to),
  };
}

function actionOf(text: string): Action {
  const [kind, value = '', expected = ''] = text.split(':');
  switch (kind) {
    case 'get':
    case 'delete':
    case 'flush':
      return { kind };
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
      return { kind, value };
    case 'cas':
      return { kind, value, expected };
    case 'incr':
      return { kind, by: Number(value) };
    default:
      throw new Error(text);
  }
}

function answerOf(text: string): Answer {
  if (!text.startsWith('=')) return { kind: 'word', word: text };
  return { kind: 'value', value: text === '=' ? null : text.slice(1) };
}
