import type { DrillOperation, DrillRecord, FinalState, LossyKill } from '../../src/cli/drill/drill-record.ts';

/**
 * Operations from lines `0 at 2: set x v1 #5 @0-2`: session 0 at controller 2 wrote v1 to x, and the answer named the
 * version 5. `get x nothing`; `?` behind the times for a write whose outcome is unknown, `!` for a refused one.
 */
export function drillOperations(...lines: readonly string[]): DrillOperation[] {
  return lines.map((line) => {
    const match = /^(\d+) at (\d+): (set|get) (\w+) (\w+)(?: #(\d+))? @(\d+)-(\d+)([?!]?)$/.exec(line);
    if (match === null) throw new Error(line);
    const [, session, controller, kind, key, value, version, sent, ended, sign] = match;
    const outcome = sign === '?' ? 'unknown' : sign === '!' ? 'failed' : 'answered';
    return {
      client: Number(session),
      session: Number(session),
      controller: Number(controller),
      key: key!,
      kind: kind as 'set' | 'get',
      value: value === 'nothing' ? null : value!,
      version: version === undefined ? null : BigInt(version),
      sentMs: Number(sent),
      endedMs: Number(ended),
      outcome,
      reason: outcome === 'answered' ? '' : 'it was not answered',
    };
  });
}

/** @param ends what each controller shows of the key x at the end, as `v1#5` or `nothing`; by default not known */
export function drillRecord(
  lines: readonly string[],
  ends: readonly string[] = [],
  lossyKills: readonly LossyKill[] = [],
): DrillRecord {
  const finals = ends.map((end): FinalState => {
    const [value, version] = end.split('#');
    const isThere = version !== undefined;
    return new Map([['x', { value: isThere ? value! : null, version: isThere ? BigInt(version) : null }]]);
  });
  const atEnd = ends.map((end, controller) => {
    const [value, version] = end.split('#');
    const found = version === undefined ? 'nothing' : `${value} #${version}`;
    return `${90 + controller} at ${controller}: get x ${found} @900-901`;
  });
  return {
    operations: drillOperations(...lines, ...atEnd),
    finals: ends.length === 0 ? null : finals,
    lossyKills,
  };
}
