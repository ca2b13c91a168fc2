import { OperationError } from '../failure.ts';
import { runDirectory } from '../locations.ts';
import type { LabHost } from './hosts/lab-host.ts';
import { cleanUpLabs } from './hosts/lab-record.ts';
import { Lab, type LabOptions } from './lab.ts';
import type { LabOutput } from './script/output.ts';
import { scriptLines } from './script/script-lines.ts';
import { ScriptRunner } from './script/script-runner.ts';

export interface LabRunOptions extends LabOptions {
  /** Servers and clients do not get processes of their own. */
  readonly inProcess: boolean;
  /** An unknown command does not end the script. */
  readonly keepGoing: boolean;
}

/**
 * Runs the commands that come by standard input on a cluster of its own, and leaves nothing of it, however it ends.
 *
 * @returns the exit code
 * @throws OperationError
 */
export async function runLab(options: LabRunOptions): Promise<number> {
  const lab = new Lab(await hostOf(options), options);
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await unlessInterrupted(run(lab, options), interrupted.signal);
  } finally {
    await lab.close();
    process.stdin.destroy();
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends what aborted runs have left. @returns the exit code @throws OperationError */
export async function runLabCleanup(): Promise<number> {
  for (const line of await cleanUpLabs(runDirectory())) process.stdout.write(`${line}\n`);
  return 0;
}

/** Loads only what is used. @throws OperationError */
async function hostOf({ inProcess }: LabRunOptions): Promise<LabHost> {
  if (inProcess) {
    const { VirtualHost } = await import('./hosts/virtual-host.ts');
    return new VirtualHost();
  }
  const { ProcessHost } = await import('./hosts/process-host.ts');
  return new ProcessHost(runDirectory());
}

async function run(lab: Lab, { keepGoing }: LabRunOptions): Promise<number> {
  if (process.stdin.isTTY) {
    const { InteractiveLab } = await import('./script/interactive-lab.ts');
    return new InteractiveLab(lab).run();
  }
  const runner = new ScriptRunner(lab, OUTPUT, { keepGoing, isNumbered: true });
  for await (const line of scriptLines(process.stdin)) if (!(await runner.run(line))) break;
  return runner.finish();
}

const OUTPUT: LabOutput = {
  answer: (line) => void process.stdout.write(`${line}\n`, 'latin1'),
  show: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`memchorus: ${line}\n`),
};

/** Rejects as soon as the signal is aborted. What the work does then, nobody waits for. */
function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_, reject) => {
    const onAbort = (): void =>
      reject(new OperationError('INTERRUPTED', 'interrupted; the servers and clients of the lab are gone'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, interrupted]);
}
