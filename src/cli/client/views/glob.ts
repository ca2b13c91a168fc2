/**
 * What a pattern with `*`, `?` and `[a-z]` means, as in a shell; a backslash takes the next character as it is. Text is
 * latin-1.
 */
export function globMatcher(pattern: string): (key: string) => boolean {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    const close = character === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (close !== -1) {
      source += setOf(pattern.slice(at + 1, close));
      at = close;
    } else if (character === '\\' && at + 1 < pattern.length) source += literal(pattern[++at]!);
    else source += character === '*' ? '[^]*' : character === '?' ? '[^]' : literal(character);
  }
  const matcher = new RegExp(`^${source}$`);
  return (key) => matcher.test(key);
}

function setOf(characters: string): string {
  const isNegated = characters[0] === '^' || characters[0] === '!';
  const inner = isNegated ? characters.slice(1) : characters;
  const escaped = inner.replace(/[\\\]^]/g, '\\$&');
  // A range that runs backwards stands for nothing; a regular expression would refuse it.
  const safe = escaped.replace(/(.)-(.)/g, (range, from: string, to: string) => (from <= to ? range : ''));
  if (safe === '') return isNegated ? '[^]' : '[]';
  return `[${isNegated ? '^' : ''}${safe}]`;
}

function literal(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
