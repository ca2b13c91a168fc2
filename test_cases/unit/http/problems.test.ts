import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/base/error-codes.ts';
import { HTTP_ERRORS, HttpProblem, STATUS_OF } from '../../../src/http/problems.ts';

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');

/** The rows of the table of the page with this head. */
function rowsUnder(head: string): string[] {
  const from = page.indexOf(`${head}\n|---`);
  expect(from).toBeGreaterThan(0);
  const lines = page.slice(from).split('\n');
  return lines.slice(2, lines.indexOf('')).toSorted();
}

describe('the errors of HTTP', () => {
  it('stand in docs/http.md with their status and meaning', () => {
    const rows = Object.entries(HTTP_ERRORS).map(
      ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
    );
    expect(rowsUnder('| code | status | meaning |')).toEqual(rows.toSorted());
  });

  it('of the cluster stand there by their status, but for the one that no client ever sees', () => {
    const shown = rowsUnder('| status | codes |').flatMap((row) => {
      const [, status, codes] = /^\| (\d+) \| (.*) \|$/.exec(row)!;
      return codes!.split(', ').map((code) => `${code} ${status}`);
    });
    const codes = Object.entries(STATUS_OF).filter(([code]) => code !== 'CLIENT_LEFT');
    expect(shown.toSorted()).toEqual(codes.map(([code, status]) => `\`${code}\` ${status}`).toSorted());
  });

  it('say that the request may have happened exactly where the cluster cannot tell, and then not to try again', () => {
    for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
      const problem = new HttpProblem(code, 'why');
      expect([code, problem.body.mayHaveHappened]).toEqual([code, ERRORS[code].mayHaveHappened]);
      expect([code, problem.status === 504]).toEqual([code, ERRORS[code].mayHaveHappened]);
      if (problem.body.mayHaveHappened) expect(problem.retryAfterSeconds).toBeNull();
    }
  });
});
