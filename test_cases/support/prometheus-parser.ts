import { spawnSync } from 'node:child_process';
import type { ExpositionFormat } from '../../src/controller/metrics/exposition/write-exposition.ts';

/**
 * Prometheus' own client for Python (Debian's python3-prometheus-client), which parses both formats. The parser of
 * OpenMetrics is the reference, and strict.
 */

const PYTHON = '/usr/bin/python3';

/** Why the parser cannot be used here; null when it can. In CI it has to be there. */
export const parserObstacle: string | null =
  spawnSync(PYTHON, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0
    ? null
    : 'python3-prometheus-client is not installed';

if (parserObstacle !== null && process.env.CI !== undefined) throw new Error(parserObstacle);

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As text, because JSON has no infinite numbers. */
  readonly value: string;
}

const PROGRAM = `
import json, sys
from prometheus_client.MODULE import text_string_to_metric_families as parse
json.dump([{'name': f.name, 'type': f.type, 'help': f.documentation, 'unit': f.unit, 'samples': [
    {'name': s.name, 'labels': s.labels, 'value': repr(float(s.value))} for s in f.samples]}
    for f in parse(sys.stdin.read())], sys.stdout)
`;

/** @throws when the parser refuses the text */
export function parseExposition(text: string, format: ExpositionFormat): readonly ParsedFamily[] {
  const module = format === 'text' ? 'parser' : 'openmetrics.parser';
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', PROGRAM.replace('MODULE', module)], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`the exposition is refused: ${stderr}`);
  return JSON.parse(stdout) as ParsedFamily[];
}
