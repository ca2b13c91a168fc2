import { describe, expect, it } from 'vitest';
import { runInProcess } from '../../../support/lab-run.ts';

const BEGIN = 'joinServer 0\njoinClient 9 0\nput 9 x 1\nput 9 y 2\n';

/** What is said of a script with these lines after the first four. */
async function complaintsOf(
  ...lines: readonly string[]
): Promise<{ said: readonly string[]; exitCode: number }> {
  const { stderr, exitCode } = await runInProcess(`${BEGIN}${lines.join('\n')}\n`, { tie: 'lowest' });
  return { said: stderr, exitCode };
}

describe('an expect line', () => {
  it('is met by the next line that was printed', async () => {
    const { said, exitCode } = await complaintsOf(
      'printStore 0',
      'expect x:1',
      'expect y:2',
      'expect nothing',
    );
    expect(said).toEqual(['all 3 expectations are met']);
    expect(exitCode).toBe(0);
  });

  it('is not met by another line', async () => {
    const { said, exitCode } = await complaintsOf('get 9 x', 'expect x:2');
    expect(said).toEqual(['line 6: expected x:2, and found x:1', '1 of 1 expectations are not met']);
    expect(exitCode).toBe(1);
  });

  it('is not met where nothing more was printed', async () => {
    const { said } = await complaintsOf('get 9 x', 'expect x:1', 'expect y:2');
    expect(said).toEqual(['line 7: expected y:2, and found nothing', '1 of 2 expectations are not met']);
  });

  it('obliges to expect all lines', async () => {
    const { said, exitCode } = await complaintsOf('printStore 0', 'expect x:1', 'get 9 x');
    expect(said[0]).toBe('line 7: before this line, "y:2" was printed, and no expect line names it');
    expect(exitCode).toBe(1);
  });

  it('obliges at the end of the script, too', async () => {
    const { said, exitCode } = await complaintsOf('printStore 0', 'expect x:1');
    expect(said[0]).toContain('"y:2" was printed, and no expect line names it');
    expect(exitCode).toBe(1);
  });

  it('obliges to nothing where there is none', async () => {
    expect(await complaintsOf('printStore 0', 'get 9 x')).toEqual({ said: [], exitCode: 0 });
  });

  it('expects errors', async () => {
    const { said, exitCode } = await complaintsOf('get 7 x', 'expect error', 'stabilize', 'expect error');
    expect(said).toEqual([
      'line 5: there is no client 7',
      'line 8: expected error, and found nothing',
      '1 of 2 expectations are not met',
    ]);
    expect(exitCode).toBe(1);
  });

  it('does not take an error for nothing', async () => {
    const { said } = await complaintsOf('get 7 x', 'expect nothing');
    expect(said[1]).toBe('line 6: expected nothing, and found an error: there is no client 7');
  });

  it('says what to write where it is empty', async () => {
    const { said, exitCode } = await complaintsOf('get 9 x', 'expect');
    expect(said[0]).toBe('line 6: expect what? Give a line, nothing, or error');
    expect(exitCode).toBe(1);
  });
});

it('an unknown command of a script that keeps going shows in the exit code', async () => {
  const script = `${BEGIN}forget 9\nget 9 x\n`;
  const { stdout, stderr, exitCode } = await runInProcess(script, { tie: 'lowest', keepGoing: true });
  expect(stdout).toBe('failed to process: forget\nx:1\n');
  expect(stderr).toEqual(['line 5: there is no command "forget"']);
  expect(exitCode).toBe(2);
});

it('an unknown command is named as it was typed, whatever letters it has', async () => {
  const script = Buffer.from('fréb 9\n').toString('latin1');
  const { stderr } = await runInProcess(script, { tie: 'lowest', keepGoing: true });
  expect(stderr).toEqual(['line 1: there is no command "fréb"']);
});
