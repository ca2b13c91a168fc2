import { VirtualHost } from '../../src/cli/lab/hosts/virtual-host.ts';
import { Lab } from '../../src/cli/lab/lab.ts';
import { ScriptRunner } from '../../src/cli/lab/script/script-runner.ts';
import type { ModelOptions } from './lab-model.ts';

export interface LabResult {
  readonly stdout: string;
  readonly stderr: readonly string[];
  readonly exitCode: number;
}

/** Runs a script of a lab in this process, on virtual time. @param script a latin-1 string */
export async function runInProcess(script: string, options: ModelOptions): Promise<LabResult> {
  const { tie, keepGoing = false, backgroundMs = null } = options;
  const lab = new Lab(new VirtualHost(), { tie, backgroundMs });
  const printed: string[] = [];
  const stderr: string[] = [];
  const print = (line: string): void => void printed.push(`${line}\n`);
  const output = { answer: print, show: print, complain: (line: string) => void stderr.push(line) };
  const runner = new ScriptRunner(lab, output, { keepGoing, isNumbered: true });
  for (const line of script.split('\n')) if (!(await runner.run(line))) break;
  const exitCode = runner.finish();
  await lab.close();
  return { stdout: printed.join(''), stderr, exitCode };
}

/** The numbers of the lines of which something is said. */
export function linesComplainedOf(stderr: readonly string[]): number[] {
  return stderr.flatMap((line) => {
    const number = /^(?:memchorus: )?line (\d+):/.exec(line)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}
