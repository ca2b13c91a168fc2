import { writeFileSync } from 'node:fs';
import { escaped } from '../../base/escaped.ts';
import { VERSION } from '../../controller/product.ts';
import { duration } from '../../controller/status/status-table.ts';
import { OperationError, reasonOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { type DrillFindings, notesOn, verdictText } from './drill-report.ts';
import type { DrillStep } from './drill-run.ts';
import { type DrillTally, type OperationTally, tallyOf } from './drill-tally.ts';
import { PAGE_STYLE } from './page-style.ts';
import { proofChart } from './proof-lanes.ts';
import { timeLineOf } from './time-line.ts';

/** Writes the page of a drill: one file that needs no other. @throws OperationError */
export function writePage(file: string, findings: DrillFindings): void {
  try {
    writeFileSync(file, pageOf(findings));
  } catch (error) {
    throw new OperationError('NO_SUCH_FILE', `cannot write the page ${file}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

export function pageOf(findings: DrillFindings): string {
  const { plan, course, verdict } = findings;
  const tally = tallyOf(course.record.operations);
  const { keyspace, cluster, addresses } = plan.target;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Drill of ${escaped(cluster)}: ${verdict.kind}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<h1>A drill: does it keep ${keyspace.level}?</h1>
<p class="verdict ${verdict.kind}">${escaped(verdictText(findings, tally))}</p>
${notesOn(findings)
  .map((note) => `<p>${escaped(note)}</p>`)
  .join('\n')}
${proofOf(findings)}
<h2>Time line</h2>
<figure>${timeLineOf(course, addresses.length)}
<figcaption><span class="key answered"></span> answered <span class="key errors"></span> errors
<span class="key reads"></span> reads <span class="key writes"></span> writes
<span class="key shade"></span> from a fault until the cluster was whole again</figcaption></figure>
<h2>What was done</h2>
${stepsOf(course.steps)}
<h2>What the clients saw</h2>
${figuresOf(tally)}
${errorsOf(tally, course.refusedConnections)}
<h2>What was asked for</h2>
<p>Keyspace ${escaped(keyspace.name)} of ${escaped(cluster)} at ${escaped(addresses.map(formatAddress).join(', '))},
with durability ${plan.target.durability}; ${plan.clients} clients for ${escaped(duration(plan.forMs))};
faults: ${plan.faults.length === 0 ? 'none' : plan.faults.join(', ')}; seed ${plan.seed}. memchorus ${VERSION}.</p>
</body>
</html>
`;
}

function stepsOf(steps: readonly DrillStep[]): string {
  if (steps.length === 0) return '<p>Nothing.</p>';
  const rows = steps.map(
    ({ atMs, text }) =>
      `<tr><td class="number">${(atMs / 1000).toFixed(2)} s</td><td>${escaped(text)}</td></tr>`,
  );
  return `<table>${rows.join('\n')}</table>`;
}

function figuresOf({ reads, writes }: DrillTally): string {
  const row = (name: string, { answered, unknown, failed, longest }: OperationTally): string => {
    const wait = longest === null ? '-' : `${duration(longest.ms)} at controller ${longest.controller}`;
    const cells = [answered, unknown, failed, escaped(wait)].map((cell) => `<td>${cell}</td>`);
    return `<tr><th>${name}</th>${cells.join('')}</tr>`;
  };
  const head =
    '<tr><th></th><th>answered</th><th>outcome unknown</th><th>failed</th><th>longest wait</th></tr>';
  return `<table>${head}${row('reads', reads)}${row('writes', writes)}</table>`;
}

function errorsOf({ errors }: DrillTally, refused: ReadonlyMap<string, number>): string {
  const all = [
    ...errors,
    ...[...refused].map(([reason, count]) => [`no connection: ${reason}`, count] as const),
  ];
  if (all.length === 0) return '<p>No errors.</p>';
  const rows = all.map(
    ([reason, count]) => `<tr><td class="number">${count}</td><td>${escaped(reason)}</td></tr>`,
  );
  return `<table>${rows.join('\n')}</table>`;
}

/** The few operations that show what is wrong, a column for each client. */
function proofOf({ verdict, plan }: DrillFindings): string {
  if (verdict.kind !== 'broken') return '';
  const { lanes, requests } = proofChart(verdict.proof, plan.prefix);
  const head = lanes.map(({ heading }) => `<th>${escaped(heading)}</th>`).join('');
  const rows = requests.map((request) => {
    const { client, kind, key, value, answer, sentMs, answeredMs } = request;
    const asked =
      kind === 'set'
        ? `set ${key} ${value} → ${answer ?? 'ok'}`
        : `get ${key} → ${answer ?? value ?? 'nothing'}`;
    const span = `${sentMs.toFixed(1)} to ${answeredMs.toFixed(1)} ms`;
    const cells = lanes.map(({ name }) =>
      name === client ? `<td>${escaped(asked)}<br><small>${span}</small></td>` : '<td></td>',
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const extent = verdict.isMinimal ? 'None of them can be left out.' : 'There may be fewer that show it.';
  return `<h2>The operations that show it</h2><p>${extent}</p>
<table class="lanes"><tr>${head}</tr>${rows.join('\n')}</table>`;
}
