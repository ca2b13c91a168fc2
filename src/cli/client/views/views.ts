import type { ClientView } from '../../command-line/client-flags.ts';
import { bigKeysView, hotKeysView } from './key-tables.ts';
import { latencyView } from './latency.ts';
import { monitorView } from './monitor.ts';
import { scanView } from './scan.ts';
import { statView } from './stat.ts';
import type { ViewPorts } from './view.ts';

/** What each view does. It ends by itself, or when the user wants it. */
export const VIEW_RUNS: Readonly<Record<ClientView, (ports: ViewPorts) => Promise<void>>> = {
  stat: statView,
  latency: (ports) => latencyView(ports, false),
  'latency-history': (ports) => latencyView(ports, true),
  bigkeys: bigKeysView,
  hotkeys: hotKeysView,
  scan: scanView,
  monitor: monitorView,
};
