/**
 * Splits the output of a text connection into replies, and replaces the parts that two servers can't agree on: the
 * version, and CAS tokens, each of which becomes its rank in the order of first appearance, so that "the same token"
 * and "a new token" are still compared.
 */
export function readTextReplies(output: Buffer, onToken: (key: string, token: bigint) => void): string[] {
  const ranks = new Map<string, string>();
  const rankOf = (key: string, token: string): string => {
    onToken(key, BigInt(token));
    const known = ranks.get(token);
    if (known !== undefined) return known;
    const rank = `<token ${ranks.size + 1}>`;
    ranks.set(token, rank);
    return rank;
  };
  const replies: string[] = [];
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf('\r\n', at, 'latin1');
    const end = lineEnd === -1 ? output.length : lineEnd + 2;
    const line = output.toString('latin1', at, end);
    at = end;
    const bytes = valueBytes(line);
    const head = withoutTokens(line, rankOf);
    replies.push(bytes === null ? head : head + output.toString('latin1', at, at + bytes + 2));
    if (bytes !== null) at = Math.min(output.length, at + bytes + 2);
  }
  return replies;
}

const VALUE = /^VALUE ([^ ]+) \d+ (\d+)( \d+)?\r\n$/s;
const META_VALUE = /^VA (\d+)( .*)?\r\n$/s;

function valueBytes(line: string): number | null {
  const bytes = VALUE.exec(line)?.[2] ?? META_VALUE.exec(line)?.[1];
  return bytes === undefined ? null : Number(bytes);
}

function withoutTokens(line: string, rankOf: (key: string, token: string) => string): string {
  const value = VALUE.exec(line);
  if (value?.[3] !== undefined) {
    const token = value[3].slice(1);
    return line.replace(`${value[3]}\r\n`, () => ` ${rankOf(value[1]!, token)}\r\n`);
  }
  if (/^(HD|VA) /.test(line)) return withoutMetaTokens(line, rankOf);
  if (line.startsWith('ME ')) return line.replace(/ cas=(\d+)/, (_, token) => ` cas=${rankOf('', token)}`);
  return line.replace(/^VERSION .*/, 'VERSION …');
}

/** The token of a `c` flag belongs to the key that the `k` flag beside it returns; the flag `b` marks a base64 key. */
function withoutMetaTokens(line: string, rankOf: (key: string, token: string) => string): string {
  const words = line.trimEnd().split(' ');
  const returned = words.find((word, at) => at > 0 && word.startsWith('k'))?.slice(1) ?? '';
  const key = words.includes('b') ? Buffer.from(returned, 'base64').toString('latin1') : returned;
  return withoutFarTimes(line).replace(/ c(\d+)(?=[ \r])/g, (_, token) => ` c${rankOf(key, token)}`);
}

/**
 * Replaces times left of more than 30 days, which only an expiry as a unix time can have: memcached counts them from
 * the second in which it started, and may therefore be wrong by one for as long as it runs.
 */
function withoutFarTimes(line: string): string {
  return line.replace(/ t(\d+)(?=[ \r])/g, (flag, seconds) =>
    Number(seconds) > 2_592_000 ? ' t<far>' : flag,
  );
}
