import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentNameOf, SETTING_KEYS } from '../../../src/cli/settings/setting-table.ts';
import { PROTOCOL_VERSION } from '../../../src/controller/product.ts';
import { MEMCACHED_IMAGE } from '../../support/store-process.ts';

const PROJECT = resolve(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(PROJECT, name), 'utf8');

type Tree = Readonly<Record<string, unknown>>;

interface Service {
  readonly image: string;
  readonly environment?: Tree;
  readonly healthcheck?: Tree;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, Tree>>;
  readonly command?: readonly string[];
  readonly ports: readonly string[];
}

const file = parse(read('docker-compose.yml'), { merge: true }) as Tree & {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Tree;
};

/**
 * Keys that both docker-compose 1.28 and docker compose 2 accept, by the schema of the former
 * (config_schema_compose_spec.json).
 */
const TOP_KEYS = ['version', 'services', 'networks', 'volumes', 'secrets', 'configs'];
const SERVICE_KEYS = [
  ...[
    'build',
    'cap_drop',
    'command',
    'depends_on',
    'environment',
    'healthcheck',
    'image',
    'init',
    'ports',
    'profiles',
  ],
  ...['read_only', 'restart', 'security_opt', 'stop_grace_period', 'tmpfs', 'volumes'],
];
const HEALTH_KEYS = ['disable', 'interval', 'retries', 'test', 'timeout', 'start_period'];
const DURATION = /^(\d+(ms|s|m))+$/;

const services = Object.entries(file.services);
const memcacheds = services.filter(([name]) => name.startsWith('memcached-'));
const controllers = services.filter(([name]) => name.startsWith('controller-'));

describe('docker-compose.yml', () => {
  it('uses only keys and forms that an older compose and engine know', () => {
    const top = Object.keys(file).filter((key) => !key.startsWith('x-'));
    expect(TOP_KEYS).toEqual(expect.arrayContaining(top));
    for (const [, service] of services) {
      expect(SERVICE_KEYS).toEqual(expect.arrayContaining(Object.keys(service)));
      const { test, retries, disable, ...durations } = service.healthcheck ?? {};
      expect(HEALTH_KEYS).toEqual(expect.arrayContaining(Object.keys(service.healthcheck ?? {})));
      for (const duration of Object.values(durations)) expect(duration).toMatch(DURATION);
      for (const { condition } of Object.values(service.depends_on ?? {}))
        expect(condition).toBe('service_healthy');
      for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:(\$\{\w+:-\d+\}|\d+):\d+$/);
    }
  });

  it('has a memcached and a data directory of its own for each controller', () => {
    expect(memcacheds.map(([name]) => name)).toEqual(['memcached-0', 'memcached-1', 'memcached-2']);
    expect(controllers.map(([name]) => name)).toEqual(['controller-0', 'controller-1', 'controller-2']);
    const volumes = controllers.map(([, { volumes }]) => volumes!);
    expect(volumes).toEqual([0, 1, 2].map((id) => [`controller-${id}:/var/lib/memchorus`]));
    expect(Object.keys(file.volumes)).toEqual(['controller-0', 'controller-1', 'controller-2']);
    expect(read('Dockerfile')).toContain('MEMCHORUS_RUN_DIR=/var/lib/memchorus');
  });

  it('sets only variables that controllers know', () => {
    const known = new Set([...SETTING_KEYS.map(environmentNameOf), 'MEMCHORUS_ID', 'MEMCHORUS_RUN_DIR']);
    for (const [, { environment }] of controllers)
      expect([...known]).toEqual(expect.arrayContaining(Object.keys(environment!)));
  });

  it('runs the version of memcached whose protocol controllers speak, as the tests do', () => {
    const [version] = PROTOCOL_VERSION.split(' ');
    expect(MEMCACHED_IMAGE).toBe(`memcached:${version}-alpine`);
    expect(new Set(memcacheds.map(([, { image }]) => image))).toEqual(new Set([MEMCACHED_IMAGE]));
    expect(read('README.md')).toContain(`memcached ${version}`);
  });
});
