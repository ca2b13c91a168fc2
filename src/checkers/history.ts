/** What a client asked for. The checkers know only operations and answers, and nothing of the implementation. */
export type Action =
  | { readonly kind: 'get' }
  | { readonly kind: 'set' | 'add' | 'replace' | 'append'; readonly value: string }
  /** Stored only over `expected`. Every written value is unique in a history, so that a value stands for its token. */
  | { readonly kind: 'cas'; readonly expected: string; readonly value: string }
  | { readonly kind: 'incr'; readonly by: number }
  | { readonly kind: 'delete' }
  | { readonly kind: 'flush' };

/** `value`: the answer to `get` (null for a miss) and `incr`. `word`: a reply line of memcached, in lower case. */
export type Answer =
  | { readonly kind: 'value'; readonly value: string | null }
  | { readonly kind: 'word'; readonly word: string }
  /** The outcome is unknown: the operation may have happened at any time since, or never. */
  | { readonly kind: 'unknown' };

export interface Event {
  readonly client: number;
  /** Empty for `flush`, which concerns every key. */
  readonly key: string;
  readonly action: Action;
  readonly answer: Answer;
  readonly invokedAt: number;
  /** Infinity when the outcome is unknown. */
  readonly returnedAt: number;
  /** The read asked for a level weaker than that of the others, and this level has served it. */
  readonly weaker?: string;
}

/** Operations that certainly failed never happened, and are left out of a history. */
export type History = readonly Event[];

/** The value of one key; null when there is none. */
export type Value = string | null;

const word = (text: string): Answer => ({ kind: 'word', word: text });

/** The sequential specification of one key: the answer to an action, and the value afterwards. */
export function step(value: Value, action: Action): { answer: Answer; next: Value } {
  switch (action.kind) {
    case 'get':
      return { answer: { kind: 'value', value }, next: value };
    case 'set':
      return { answer: word('stored'), next: action.value };
    case 'add':
      return value === null
        ? { answer: word('stored'), next: action.value }
        : { answer: word('not_stored'), next: value };
    case 'replace':
      return value === null
        ? { answer: word('not_stored'), next: null }
        : { answer: word('stored'), next: action.value };
    case 'append':
      return value === null
        ? { answer: word('not_stored'), next: null }
        : { answer: word('stored'), next: value + action.value };
    case 'cas':
      if (value === null) return { answer: word('not_found'), next: null };
      return value === action.expected
        ? { answer: word('stored'), next: action.value }
        : { answer: word('exists'), next: value };
    case 'incr': {
      if (value === null) return { answer: word('not_found'), next: null };
      if (!/^[0-9]+$/.test(value)) return { answer: word('client_error'), next: value };
      const next = String(Number(value) + action.by);
      return { answer: { kind: 'value', value: next }, next };
    }
    case 'delete':
      return { answer: word(value === null ? 'not_found' : 'deleted'), next: null };
    case 'flush':
      return { answer: word('ok'), next: null };
  }
}

export function sameAnswer(a: Answer, b: Answer): boolean {
  if (a.kind === 'value' && b.kind === 'value') return a.value === b.value;
  return a.kind === 'word' && b.kind === 'word' && a.word === b.word;
}
