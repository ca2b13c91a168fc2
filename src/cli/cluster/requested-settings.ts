import type { CommandLine } from '../command-line/arguments.ts';
import { UsageError } from '../failure.ts';
import { type ResolvedSettings, resolveConfiguration } from '../settings/configuration.ts';
import {
  type RawSetting,
  type RawSettings,
  SETTING_KEYS,
  type SettingKey,
} from '../settings/setting-table.ts';
import type { RunRecord } from './run-record.ts';

/**
 * A start does not change a cluster that runs. If the command line asks for something that the cluster does
 * not have, that is an error, because the user would otherwise believe to have got it.
 *
 * @throws UsageError
 */
export function refuseChangedSettings(line: CommandLine, record: RunRecord, directory: string): void {
  const { peers, plan } = record;
  const wrong = [...otherSettings(line, record)];
  if (line.controllers !== null && line.controllers !== peers.length)
    wrong.push(`${peers.length} controllers, not ${line.controllers}`);
  if (line.basePort !== null && line.basePort !== peers[0]!.port)
    wrong.push(`ports from ${peers[0]!.port} on, not from ${line.basePort}`);
  const storePort = plan.kind === 'embedded' ? null : plan.stores[0]!.port;
  if (line.storeBasePort !== null && line.storeBasePort !== storePort)
    wrong.push(
      `${storePort === null ? 'no stores' : `stores from ${storePort} on`}, not from ${line.storeBasePort}`,
    );
  if (wrong.length === 0) return;
  throw new UsageError(
    'RUNS_OTHERWISE',
    `a cluster runs already, from ${directory}, with ${wrong.join('; ')}: stop it first, then start it so`,
  );
}

function* otherSettings(line: CommandLine, record: RunRecord): Generator<string> {
  const current = recordedSettings(record);
  const before = inWords(resolveConfiguration([current]));
  for (const [key, wish] of line.settings) {
    if (inWords(resolveConfiguration([new Map([[key, wish]]), current])) === before) continue;
    yield `${key} ${current.get(key)?.text || 'by default'}, not ${wish.text}`;
  }
}

/** A text for comparison: the same setting can be written in several ways. */
function inWords(configuration: ResolvedSettings): string {
  return JSON.stringify(configuration);
}

/** The settings that the cluster was started with, as a layer. */
export function recordedSettings(record: RunRecord): ReadonlyMap<SettingKey, RawSetting> {
  const layer = new Map<SettingKey, RawSetting>();
  for (const key of SETTING_KEYS) {
    const text = record.settings[key];
    if (text !== undefined) layer.set(key, { text, origin: `${key} of the cluster that runs` });
  }
  return layer;
}

/** The value of each setting, from the strongest layer that has it. */
export function settingsInForce(layers: readonly RawSettings[]): Record<string, string> {
  const inForce: Record<string, string> = {};
  for (const key of SETTING_KEYS) {
    const text = layers.find((layer) => layer.has(key))?.get(key)?.text;
    if (text !== undefined) inForce[key] = text;
  }
  return inForce;
}
