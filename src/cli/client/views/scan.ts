import { keysOf } from '../line-stream.ts';
import { typedKey } from '../quoting.ts';
import { globMatcher } from './glob.ts';
import { addressOf, type ViewPorts } from './view.ts';

/** Keys that are written at once. */
const BATCH = 200;

/** `--scan`: every key, one a line, as it has to be typed; with `--raw` as it is, with `--json` as a text of JSON. */
export async function scanView({ session, options, write, signal }: ViewPorts): Promise<void> {
  const pattern = Buffer.from(options.pattern ?? '*', 'utf8').toString('latin1');
  const fits = globMatcher(pattern);
  let lines: string[] = [];
  for await (const key of keysOf(addressOf(session), signal)) {
    if (signal.aborted) return;
    if (!fits(key)) continue;
    lines.push(lineOf(key, options.output));
    if (lines.length < BATCH) continue;
    await write(`${lines.join('\n')}\n`);
    lines = [];
  }
  if (lines.length > 0) await write(`${lines.join('\n')}\n`);
}

function lineOf(key: string, output: 'plain' | 'raw' | 'json'): string {
  const text = Buffer.from(key, 'latin1').toString('utf8');
  if (output === 'raw') return text;
  return output === 'json' ? JSON.stringify(text) : typedKey(key);
}
