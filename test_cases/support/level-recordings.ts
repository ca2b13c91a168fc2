import { SCRIPTS, type Script } from '../../src/cli/levels/histories.ts';
import type { RecordedRequest, Recording } from '../../src/cli/levels/recording.ts';
import type { Level } from '../../src/placement/level.ts';

/**
 * A recording of one of the scripts, from lines `Ann set price 12 @0-2` or `Ben get price nothing @3-9 waited`.
 *
 * @param ends what each controller had at the end: by default, the last value that was written to each key
 */
export function recordingOf(
  name: string,
  level: Level,
  lines: readonly string[],
  ends?: readonly ReadonlyMap<string, string | null>[],
): Recording {
  const requests = lines.map(requestOf);
  const written = new Map(
    requests.filter(({ kind }) => kind === 'set').map(({ key, value }) => [key, value]),
  );
  return {
    script: scriptOf(name),
    level,
    requests,
    heldMs: 1.5,
    releasedMs: 90.5,
    ends: ends ?? [written, written, written],
  };
}

export function scriptOf(name: string): Script {
  return SCRIPTS.find((script) => script.name === name)!;
}

function requestOf(line: string): RecordedRequest {
  const match = /^(\w+) (set|get) (\S+) (\S+) @(\d+)-(\d+)( waited)?$/.exec(line);
  if (match === null) throw new Error(line);
  const [, client, kind, key, value, sent, answered, waited] = match;
  return {
    client: client!,
    kind: kind as 'set' | 'get',
    key: key!,
    value: value === 'nothing' ? null : value!,
    sentMs: Number(sent),
    answeredMs: Number(answered),
    hadToWait: waited !== undefined,
  };
}
