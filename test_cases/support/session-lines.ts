import type { SessionEvent } from '../../src/checkers/session-history.ts';

/** `0 x=1` for a write of session 0, `0 x:1` for what it read (`0 x:` for nothing), `0 x?1` for a write without an answer. */
export function sessionEvents(...lines: readonly string[]): SessionEvent[] {
  return lines.map((line) => {
    const [, session, key, sign, value] = /^(\d+) (\w+)([=:?])(\w*)$/.exec(line)!;
    return {
      session: Number(session),
      key: key!,
      kind: sign === ':' ? 'read' : 'write',
      value: value === '' ? null : value!,
      ...(sign === '?' ? { isUnknown: true } : {}),
    };
  });
}
