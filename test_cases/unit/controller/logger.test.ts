import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, LogFileError, type LogSettings } from '../../../src/controller/log/logger.ts';
import { RotatingFile } from '../../../src/controller/log/rotating-file.ts';
import { eventually } from '../../support/eventually.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const settings = (more: Partial<LogSettings> = {}): LogSettings => ({
  self: 1,
  logFile: join(directory, 'controller-1.log'),
  logLevel: 'info',
  logFormat: 'text',
  logSizeMax: 4096,
  logFilesMax: 3,
  ...more,
});

const linesOf = (name: string): string[] => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n');

describe('a log', () => {
  lineTests();
  fileTests();
});

function lineTests(): void {
  it('has one line for each event, whatever the message contains, and none below its level', async () => {
    const logger = createLogger(settings());
    logger.info('listening', { port: 8000, large: 2n });
    logger.debug('not this');
    logger.warn('two\r\nlines');
    logger.error('failed', { error: new Error('why') });
    await logger.close();
    const [first, second, third] = linesOf('controller-1.log');
    expect(first).toMatch(/^\d{4}-\S+Z info {2}\[1\] listening \{"port":8000,"large":"2"\}$/);
    expect(second).toMatch(/ warn {2}\[1\] two \| lines$/);
    expect(third).toMatch(/ error \[1\] failed \{"error":"Error: why\\n/);
    expect(linesOf('controller-1.log')).toHaveLength(3);
  });

  it('is one object a line in JSON, and no field hides another', async () => {
    const logger = createLogger(settings({ logFormat: 'json' }));
    logger.warn('two\nlines', { level: 'sequential', time: 1 });
    logger.info('stopped');
    await logger.close();
    const [first, second] = linesOf('controller-1.log').map((line) => JSON.parse(line));
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'warn',
      controller: 1,
      message: 'two\nlines',
      fields: { level: 'sequential', time: 1 },
    });
    expect(second).toEqual({
      time: first.time.replace(/.*/, second.time),
      level: 'info',
      controller: 1,
      message: 'stopped',
    });
  });
}

function fileTests(): void {
  it('is rotated when it has grown, loses no line, and leaves the files of other controllers alone', async () => {
    const bystander = join(directory, 'controller-11.log');
    writeFileSync(bystander, 'of controller 11\n');
    const logger = createLogger(settings({ logFilesMax: 4 }));
    for (let number = 0; number < 100; number++) {
      logger.info(`line ${number} ${'.'.repeat(80)}`);
      if (number % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await logger.close();
    const names = ['controller-1.log.3', 'controller-1.log.2', 'controller-1.log.1', 'controller-1.log'];
    expect(readdirSync(directory).sort()).toEqual([...names, 'controller-11.log'].sort());
    for (const name of names) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(4096);
    const numbers = names.flatMap(linesOf).map((line) => Number(/line (\d+)/.exec(line)?.[1]));
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(readFileSync(bystander, 'utf8')).toBe('of controller 11\n');
  });

  it('stays within its bound on disk, also over several runs', async () => {
    for (let run = 0; run < 3; run++) {
      const logger = createLogger(settings({ logFilesMax: 2 }));
      for (let number = 0; number < 90; number++) logger.info(`run ${run} ${'.'.repeat(80)}`);
      await logger.close();
    }
    expect(readdirSync(directory).sort()).toEqual(['controller-1.log', 'controller-1.log.1']);
    expect(linesOf('controller-1.log').at(-1)).toContain('run 2');
    const alone = createLogger(settings({ logFilesMax: 1 }));
    for (let number = 0; number < 90; number++) alone.info('.'.repeat(80));
    await alone.close();
    expect(statSync(join(directory, 'controller-1.log')).size).toBeLessThanOrEqual(4096);
  });

  it('that can’t be opened is a LogFileError', () => {
    mkdirSync(join(directory, 'taken.log'));
    expect(() => createLogger(settings({ logFile: join(directory, 'taken.log') }))).toThrow(LogFileError);
  });
}

it('lines that the disk refuses are counted, and the count is logged once it takes lines again', async () => {
  const path = join(directory, 'sub', 'log');
  mkdirSync(join(directory, 'sub'));
  const failures: Error[] = [];
  const file = new RotatingFile({
    path,
    bytesMax: 1_000_000,
    filesMax: 2,
    lineOfDropped: (lines) => `${lines} are missing`,
    onFailure: (error) => failures.push(error),
  });
  rmSync(join(directory, 'sub'), { recursive: true });
  file.write('one');
  await file.close();
  file.write('two');
  await file.close();
  expect(failures).toHaveLength(1);
  mkdirSync(join(directory, 'sub'));
  file.write('three');
  await file.close();
  expect(readFileSync(path, 'utf8')).toBe('2 are missing\nthree\n');
});

it('lines beyond the bound on lines that wait for the disk are dropped and counted', async () => {
  const path = join(directory, 'log');
  const file = new RotatingFile({
    path,
    bytesMax: 10_000_000,
    filesMax: 2,
    lineOfDropped: (lines) => `${lines} are missing`,
    onFailure: () => {},
  });
  for (let number = 0; number < 3000; number++) file.write('.'.repeat(999));
  await file.close();
  file.write('last');
  await file.close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const notices = lines.flatMap((line) => /^(\d+) are missing$/.exec(line)?.[1] ?? []);
  const missing = notices.reduce((sum, number) => sum + Number(number), 0);
  expect(lines.length - 1 - notices.length + missing).toBe(3000);
  expect(lines.at(-1)).toBe('last');
  expect(missing).toBeGreaterThan(1000);
});

it('a log that is opened again after its file was moved goes on in a new file, and loses no line', async () => {
  const logger = createLogger(settings());
  const wordsOf = (name: string) => linesOf(name).map((line) => line.replace(/^.*\] /, ''));
  logger.info('before');
  await eventually(() => expect(wordsOf('controller-1.log')).toEqual(['before']));
  renameSync(join(directory, 'controller-1.log'), join(directory, 'moved'));
  logger.info('moved');
  await eventually(() => expect(wordsOf('moved')).toEqual(['before', 'moved']));
  for (const word of ['after', 'again']) {
    logger.reopen();
    logger.info(word);
  }
  await logger.close();
  const opened = 'the log file was opened again';
  expect(wordsOf('controller-1.log')).toEqual([opened, 'after', opened, 'again']);
  expect(wordsOf('moved')).toEqual(['before', 'moved']);
});
