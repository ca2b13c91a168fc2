export interface ParsedValue {
  readonly key: string;
  readonly flags: number;
  readonly cas: bigint;
  readonly value: Buffer;
}

/** A minimal client: reads `VALUE …` blocks up to `END`, and throws at any other bytes. */
export function parseValues(bytes: Buffer): ParsedValue[] {
  const values: ParsedValue[] = [];
  let at = 0;
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const line = bytes.toString('latin1', at, lineEnd);
    at = lineEnd + 2;
    if (line === 'END' && at === bytes.length) return values;
    const match = /^VALUE (\S+) (\d+) (\d+)(?: (\d+))?$/.exec(line);
    if (match === null) throw new Error(`not a VALUE line: ${line}`);
    const [, key, flags, length, cas = '0'] = match;
    const end = at + Number(length);
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw new Error('value without line end');
    values.push({ key: key!, flags: Number(flags), cas: BigInt(cas), value: bytes.subarray(at, end) });
    at = end + 2;
  }
}
