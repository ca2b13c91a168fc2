import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { birthOf } from '../../src/cli/cluster/processes.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { StartedCluster } from '../support/started-cluster.ts';

/**
 * A program in place of Docker: it records every call, and runs memcacheds on the ports that
 * docker-compose.yml publishes. `$KIND` says how compose is installed: as a `plugin`, as a `program` of its
 * own, or `none`.
 */
const DOCKER = `#!/bin/sh
here=$(dirname "$0")
echo "\${0##*/} $*" >> "$here/calls"
case "\${0##*/} $KIND" in
  "docker plugin") if [ "$1" = compose ]; then shift; else exec true; fi ;;
  "docker "*) [ "$1" = info ]; exit ;;
  "docker-compose program") ;;
  *) exit 1 ;;
esac
[ "$1" != version ] || exit 0
[ "$1" = -f ] && [ "$3" = -p ] || { echo "unknown shorthand flag: $1"; exit 125; }
shift 4
case "$1" in
  up)
    shift
    for word in "$@"; do
      case "$word" in
        -d) ;;
        memcached-*)
          eval "port=\\$MEMCHORUS_STORE_PORT_\${word#memcached-}"
          memcached -l 127.0.0.1 -p "$port" -U 0 -I "$MEMCHORUS_STORE_ITEM_MAX" -u nobody </dev/null >/dev/null 2>&1 &
          echo $! >> "$here/pids"
          ;;
        *) echo "unknown flag: $word"; exit 16 ;;
      esac
    done
    ;;
  stop) [ ! -e "$here/stop-fails" ] || { echo "no such container"; exit 1; }; kill $(cat "$here/pids") ;;
  *) exit 16 ;;
esac
`;

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'memchorus-docker-')), 'a bin');
  mkdirSync(directory);
  for (const name of ['docker', 'docker-compose']) {
    writeFileSync(join(directory, name), DOCKER);
    chmodSync(join(directory, name), 0o755);
  }
});

afterEach(() => {
  for (const pid of pids()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended.
    }
  }
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

function linesOf(name: string): string[] {
  try {
    return readFileSync(join(directory, name), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

const pids = () => linesOf('pids').map(Number);

const clusterWith = (KIND: string) => StartedCluster.create({ path: directory, environment: { KIND } });

describeWithMemcached('with a Docker engine', () => {
  containerTests();
  errorTests();
  foreignContainerTests();
});

function containerTests(): void {
  it.each([
    [
      'plugin',
      'docker compose',
      /^docker compose -f .*\/docker-compose\.yml -p memchorus-\d+ up -d memcached-0 /,
    ],
    [
      'program',
      'docker-compose',
      /^docker-compose -f .*\/docker-compose\.yml -p memchorus-\d+ up -d memcached-0 /,
    ],
  ])('and compose as a %s, startup.sh runs the memcacheds in containers', async (kind, name, up) => {
    await using cluster = await clusterWith(kind);
    const started = await cluster.start('-cons', 'linearizability');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain(
      `stores: memcached in Docker (${name}), one per controller on 127.0.0.1:`,
    );
    expect(linesOf('calls')).toContainEqual(expect.stringMatching(up));
    expect(await cluster.ask(0, 'set', 'k', 'v')).toMatchObject({ code: 0 });
    const stopped = await cluster.stop();
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toContain('stopped the memcached containers');
    expect(pids()).toHaveLength(3);
  });

  it('startup.sh starts a container again that has ended', async () => {
    await using cluster = await clusterWith('plugin');
    expect(await cluster.start()).toMatchObject({ code: 0 });
    process.kill(pids()[1]!, 'SIGKILL');
    while (birthOf(pids()[1]!) !== null);
    const again = await cluster.start();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('started again: memcached-1 ...');
    expect(linesOf('calls').at(-1)).toMatch(/up -d memcached-1$/);
  });

  it('startup.sh uses the memcached program when there is no compose, and says why', async () => {
    await using cluster = await clusterWith('none');
    const started = await cluster.start('-n', '1');
    expect(started).toMatchObject({ code: 0 });
    expect(started.stdout).toMatch(
      /^stores: the memcached program .*\(there is no docker compose; with one, /,
    );
  });
}

function errorTests(): void {
  it('stop.sh fails when it can’t stop the containers, and names the command that does', async () => {
    await using cluster = await clusterWith('program');
    expect(await cluster.start()).toMatchObject({ code: 0 });
    writeFileSync(join(directory, 'stop-fails'), '');
    const stopped = await cluster.stop();
    rmSync(join(directory, 'stop-fails'));
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stdout).toMatch(/could not be stopped: docker-compose -p memchorus-\d+ stop/);
    expect(await cluster.stop()).toMatchObject({ code: 0 });
  });

  it('startup.sh shows the error of compose when compose fails', async () => {
    await using cluster = await clusterWith('plugin');
    writeFileSync(
      join(directory, 'docker'),
      DOCKER.replace('  up)\n', '  up) echo "no space left on device" >&2; exit 1 ;;\n  never)\n'),
    );
    const started = await cluster.start();
    expect(started).toMatchObject({ code: 1 });
    expect(started.stderr).toContain(
      'docker compose could not start the memcacheds: no space left on device',
    );
  });
}

function foreignContainerTests(): void {
  it('startup.sh uses containers of `docker-compose up`, and stop.sh leaves them', async () => {
    await using cluster = await clusterWith('program');
    const ports = Object.fromEntries(
      cluster.storePorts.map((port, id) => [`MEMCHORUS_STORE_PORT_${id}`, `${port}`]),
    );
    const environment = Object.entries({ ...ports, MEMCHORUS_STORE_ITEM_MAX: '2m' }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const file = join(cluster.project, 'docker-compose.yml');
    const up = [
      'docker-compose',
      '-f',
      file,
      '-p',
      'mine',
      'up',
      '-d',
      'memcached-0',
      'memcached-1',
      'memcached-2',
    ];
    expect(await cluster.run('env', ...environment, ...up)).toMatchObject({ code: 0 });
    const started = await cluster.start('-cons', 'linearizability');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toMatch(/^stores: memcached that is there already/);
    expect(await cluster.stop()).toMatchObject({ code: 0, stdout: 'stopped 3 controllers\n' });
    expect(pids().filter((pid) => birthOf(pid) !== null)).toHaveLength(3);
  });
}
