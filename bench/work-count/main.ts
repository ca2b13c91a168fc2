import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alignColumns } from '../../src/base/text-table.ts';
import { countWork, OPERATIONS, traceWork } from './count.ts';
import { COUNTED } from './counted.ts';
import { CountedCluster } from './counted-cluster.ts';
import { excesses, TABLE } from './table.ts';
import { traceObstacle } from './trace.ts';

/**
 * `npm run work-count` prints the work per operation beside the table; with `--write` it writes the table.
 */
const obstacle = traceObstacle();
if (obstacle !== null) {
  process.stderr.write(`work-count: ${obstacle}; the table needs all its figures\n`);
  process.exit(1);
}
const measured: Record<string, Record<string, Record<string, number>>> = {};
for (const counted of COUNTED) {
  await using cluster = await CountedCluster.start(counted);
  const row: Record<string, Record<string, number>> = {};
  for (const operation of OPERATIONS) {
    const work = { ...(await countWork(cluster, operation)), ...(await traceWork(cluster, operation)) };
    row[operation] = Object.fromEntries(Object.entries(work).map(([name, value]) => [name, round(value)]));
    const expected = TABLE[counted.name]?.[operation];
    const lines = Object.entries(work).map(([name, value]) => {
      return [name, `${round(value)}`, `${expected?.[name as keyof typeof work] ?? '-'}`];
    });
    const table = alignColumns([[`${counted.name}: ${operation}`, 'now', 'table'], ...lines]);
    process.stdout.write(`${[...table, ...(expected ? excesses(work, expected) : [])].join('\n')}\n\n`);
  }
  measured[counted.name] = row;
}
if (process.argv.includes('--write')) {
  writeFileSync(join(import.meta.dirname, 'table.json'), `${JSON.stringify(measured, null, 2)}\n`);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
