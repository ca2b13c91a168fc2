import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN_FILE } from '../../../src/cli/locations.ts';
import { HANGS_AFTER_MS } from '../../support/hang.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-cli-'));
  writeFileSync(join(directory, 'bad.ini'), '[common]\npeer = 127.0.0.1:8000\n');
  symlinkSync('loop', join(directory, 'loop'));
  writeFileSync(join(directory, 'repeated.ini'), '[common]\nthreshold = 3\nthreshold = 4\n');
  writeFileSync(join(directory, 'duplicate.ini'), '[common]\npeers = 127.0.0.1:8000,localhost:8000\n');
});

afterAll(() => rmSync(directory, { recursive: true }));

/** Runs main.ts as a process, in an empty directory and without settings from the environment. */
function main(words: string, environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN_FILE, ...words.split(' ')], {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, MEMCHORUS_RUN_DIR: directory, ...environment },
    timeout: HANGS_AFTER_MS,
  });
  return { status, stdout, stderr };
}

describe('a wrong command line or setting is reported in one line, with exit code 2', () => {
  it.each([
    ['-p 8000 -cons strong', 'memchorus: -cons is "strong": there is no such level; choose linearizability'],
    ['-p 8000 -cons strong', 'there is no such level'],
    ['-p 8000 -c bad.ini', 'memchorus: bad.ini: unknown key "peer" in [common] (did you mean "peers"?)'],
    ['-p 8000 -c duplicate.ini', '127.0.0.1:8000 stands there twice'],
    ['-p 8000 -c repeated.ini', 'repeated.ini: "threshold" stands there twice, in lines 2 and 3; keep one'],
    ['-p 8000 --lease-time 0.05', '--lease-time is 0.05, but has to be more than heartbeat_time'],
    ['-p 8000 -c missing.ini', 'there is no configuration file missing.ini'],
    ['-p 8000 -c .', 'cannot read the configuration file .'],
    ['-p 9999', '127.0.0.1:9999 is not among the peers'],
    ['-p 8000 --threshold 0', '--threshold is "0": give a whole number'],
    ['-p 8000 --log-file /proc/none/log', 'cannot write the log file'],
    ['-p 8000 --data-dir /proc/x', "/proc/x can't be made (ENOENT): set another data_dir"],
    ['-p 8000 --data-dir /proc/x/y', "/proc/x can't be made (ENOENT): set another data_dir"],
    ['-p 8000 --data-dir /dev/null/x', '/dev/null is not a directory: move the file'],
    ['-p 8000 --data-dir bad.ini', 'bad.ini is not a directory: move the file'],
    ['-p 8000 --data-dir bad.ini/a/b', 'bad.ini is not a directory: move the file'],
    ['-p 8000 --data-dir /sys/kernel', 'no permission to write /sys/kernel/controller-0'],
    ['-p 8000 --data-dir loop/x', "loop/x can't be made (ELOOP): set another data_dir"],
    [`-p 8000 --data-dir ${'x'.repeat(300)}`, "can't be made (ENAMETOOLONG): set another data_dir"],
    ['-p 8000 --durability none --data-dir /proc/x', "/proc/x can't be made (ENOENT)"],
    ['--unheard-of', 'unknown flag "unheard-of"'],
    ['start -n 2 --peers a:1,b:2', 'give either --peers, or -n'],
    ['-cli set k 0 0 4 hello', 'the value has 5 bytes, but 4 are announced'],
  ])('%s', (words, message) => {
    const { status, stderr, stdout } = main(words);
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('when a variable of the environment is misspelled', () => {
    const { status, stderr } = main('-p 8000', { MEMCHORUS_TRESHOLD: '3' });
    expect(stderr).toContain(
      'unknown environment variable MEMCHORUS_TRESHOLD (did you mean "MEMCHORUS_THRESHOLD"?)',
    );
    expect(status).toBe(2);
  });

  it('when a variable of the environment has a wrong value', () => {
    const { status, stderr } = main('-p 8000', { MEMCHORUS_THRESHOLD: 'many' });
    expect(stderr).toContain('MEMCHORUS_THRESHOLD is "many"');
    expect(status).toBe(2);
  });
});

describe('a failure is reported with exit code 1', () => {
  let server: Server;
  let port = 0;

  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });

  afterAll(() => server.close());

  it('when the port is in use, and the line says by what', () => {
    const { status, stderr } = main(`start -n 1 --base-port ${port} -kv custom`);
    expect(stderr).toMatch(new RegExp(`^memchorus: 127\\.0\\.0\\.1:${port} is in use`));
    expect(status).toBe(1);
  });

  it('when nothing listens where the client dials', () => {
    const { status, stderr } = main('-cli -p 1 get k');
    expect(stderr).toContain('cannot connect: 127.0.0.1:1: nothing listens there');
    expect(status).toBe(1);
  });
});

describe('a command that succeeds exits with code 0', () => {
  it.each([
    ['--help', 'Usage:'],
    ['-h', 'Usage:'],
    ['start --help', 'startup.sh'],
    ['--version', 'memchorus 0.'],
    ['stop', 'nothing is running'],
    ['-cli help set', 'set <key> <value>'],
  ])('%s', (words, text) => {
    const { status, stdout, stderr } = main(words);
    expect(stdout).toContain(text);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
