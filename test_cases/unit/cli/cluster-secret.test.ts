import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failure.ts';
import { readSecret, requireSecretFor, secretFileFor } from '../../../src/cli/settings/cluster-secret.ts';
import { resolveConfiguration } from '../../../src/cli/settings/configuration.ts';
import { environmentLayer } from '../../../src/cli/settings/environment.ts';
import { parseSettings } from '../../../src/cli/settings/settings-file.ts';

const SECRET = 'sixteen characters at least';
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-secret-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function fileWith(text: string, mode = 0o600): string {
  const file = join(directory, 'secret');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

describe('the cluster secret', () => {
  it('is the content of the file, without white space around it', () => {
    fileWith(`  ${SECRET}\n`);
    expect(readSecret({ secretFile: 'secret' }, {}, directory)).toEqual(Buffer.from(SECRET));
  });

  it('comes from the environment when no file is named', () => {
    expect(readSecret({ secretFile: '' }, { MEMCHORUS_CLUSTER_SECRET: SECRET }, directory)).toEqual(
      Buffer.from(SECRET),
    );
    expect(readSecret({ secretFile: '' }, { MEMCHORUS_CLUSTER_SECRET: '' }, directory)).toBeNull();
  });

  it.each([0o640, 0o604, 0o660, 0o620, 0o601])(
    'is refused with mode %o, and the error names the command that corrects the mode',
    (mode) => {
      const file = fileWith(SECRET, mode);
      expect(() => readSecret({ secretFile: file }, {}, directory)).toThrow(UsageError);
      expect(() => readSecret({ secretFile: file }, {}, directory)).toThrow(`chmod 600 ${file}`);
    },
  );

  it('is refused when it is too short, too long or missing, and is never shown', () => {
    const file = fileWith('fifteen letters');
    const words = () => readSecret({ secretFile: file }, {}, directory);
    expect(words).toThrow(/has 15 characters; give at least 16/);
    expect(words).not.toThrow('fifteen letters');
    expect(() => readSecret({ secretFile: fileWith('x'.repeat(5000)) }, {}, directory)).toThrow('too large');
    expect(() => readSecret({ secretFile: 'none' }, {}, directory)).toThrow(
      `cannot read the cluster secret ${join(directory, 'none')}`,
    );
  });

  it('in the environment wins over a file that config.ini names, and loses to a file that a flag names', () => {
    const file = parseSettings('[common]\ncluster_secret = a\n', 'config.ini');
    const environment = environmentLayer({ MEMCHORUS_CLUSTER_SECRET: SECRET });
    const flag = new Map([['cluster_secret', { text: 'b', origin: '--cluster-secret' }]] as const);
    expect(resolveConfiguration([new Map(), file]).secretFile).toBe('a');
    expect(resolveConfiguration([new Map(), environment, file]).secretFile).toBe('');
    expect(resolveConfiguration([flag, environment, file]).secretFile).toBe('b');
    expect(JSON.stringify([...environment.values()])).not.toContain(SECRET);
  });

  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('is not required on %s', (host) => {
    expect(() => requireSecretFor([{ host, port: 1 }], null)).not.toThrow();
  });

  it.each(['0.0.0.0', '10.0.0.1', 'controller-0', '127.example.org', '::'])('is required on %s', (host) => {
    const peers = [
      { host: '127.0.0.1', port: 1 },
      { host, port: 2 },
    ];
    expect(() => requireSecretFor(peers, null)).toThrow(/is not on loopback, and there is no cluster secret/);
    expect(() => requireSecretFor(peers, Buffer.from(SECRET))).not.toThrow();
  });
});

describe('the secret that startup.sh creates', () => {
  it('is random, readable by its owner only, and created once', () => {
    const file = secretFileFor({ secretFile: '' }, {}, directory)!;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^[0-9a-f]{64}\n$/);
    expect(secretFileFor({ secretFile: '' }, {}, directory)).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(directory)).toEqual(['cluster-secret']);
    expect(readSecret({ secretFile: file }, {}, directory)).toEqual(Buffer.from(text.trim()));
  });

  it('is not created when the controllers are configured with one', () => {
    expect(secretFileFor({ secretFile: 'somewhere' }, {}, directory)).toBeNull();
    expect(secretFileFor({ secretFile: '' }, { MEMCHORUS_CLUSTER_SECRET: SECRET }, directory)).toBeNull();
    expect(readdirSync(directory)).toEqual([]);
  });
});
