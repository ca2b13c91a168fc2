import type { Settings } from '../../src/controller/settings.ts';
import type { Level } from '../../src/placement/level.ts';
import { levelOf, placedLevel } from '../../src/placement/placed-level.ts';

/** The settings of a controller in a simulation. @param nodes how many controllers the cluster is formed with */
export function settingsFor(
  self: number,
  nodes: number,
  { level, settings }: { readonly level: Level; readonly settings?: Partial<Settings> },
): Settings {
  const merged = {
    cluster: 'sim',
    self,
    httpPort: 0,
    httpHosts: [],
    secretFile: '',
    peers: Array.from({ length: nodes }, (_, id) => ({ host: 'sim', port: id })),
    level,
    scheme: 'broadcast',
    keyspaces: [],
    sharded: [],
    zones: [],
    heartbeatMs: 100,
    threshold: 3,
    form: false,
    leaseMs: 300,
    dataDir: '/data',
    durability: 'none',
    requestTimeoutMs: 1_000,
    syncIntervalMs: 1_000,
    tombstoneHorizonMs: Number.POSITIVE_INFINITY,
    maxClockSkewMs: 10_000,
    storeType: 'custom',
    storeAddress: { host: '', port: 0 },
    storeTimeoutMs: 500,
    storeBytesMax: 1_000_000,
    hotBytesMax: 0,
    itemBytesMax: 1_048_576,
    connectionsMax: 100,
    pipelineMax: 100,
    queueBytesMax: 10_000_000,
    clientBytesMax: 100_000_000,
    slowRequestMs: 50,
    idleTimeoutMs: 0,
    shutdownCommand: false,
    logFile: '-',
    logFormat: 'text',
    logSizeMax: 10_485_760,
    logFilesMax: 3,
    logLevel: 'error',
    ...settings,
  } satisfies Settings;
  return { ...merged, level: placedLevel(levelOf(merged.level), merged.scheme) };
}
