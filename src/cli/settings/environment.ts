import { UsageError } from '../failure.ts';
import { didYouMean } from '../suggestion.ts';
import { environmentNameOf, type RawSetting, SETTING_KEYS, type SettingKey } from './setting-table.ts';

/** Variables of ours that are no settings. */
const OTHER_NAMES = ['MEMCHORUS_CONFIG', 'MEMCHORUS_ID', 'MEMCHORUS_RUN_DIR'];

/** What docker-compose.yml reads, and what Kubernetes and Docker say of a service or container with our name. */
const OTHERS_NAMES =
  /^MEMCHORUS_(STORE_PORT_\d+|STORE_ITEM_MAX|(.+_)?SERVICE_HOST|(.+_)?SERVICE_PORT(_.+)?|(.+_)?PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)$/;

/** Theirs too: `MEMCHORUS_PORT=tcp://10.0.0.1:8000`. */
const LINKED_PORT = /^MEMCHORUS_(.+_)?PORT$/;

/**
 * The environment variables that are settings, as a layer. A secret there stands above a file of it elsewhere. One
 * that begins like them and is none is a mistake: passed over in silence, it would leave a default that nobody
 * chose.
 *
 * @throws UsageError
 */
export function environmentLayer(environment: NodeJS.ProcessEnv): Map<SettingKey, RawSetting> {
  const keys = new Map(SETTING_KEYS.map((key) => [environmentNameOf(key), key]));
  const layer = new Map<SettingKey, RawSetting>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue;
    const key = keys.get(name);
    // The secret itself, which `readSecret` looks for, and which no message may show.
    const text = key === 'cluster_secret' ? '' : value.trim();
    if (key !== undefined) layer.set(key, { text, origin: name });
    else if (!isForOthers(name, value)) refuse(name, keys.keys());
  }
  return layer;
}

const PREFIX = environmentNameOf('');

function isForOthers(name: string, value: string): boolean {
  if (OTHER_NAMES.includes(name) || OTHERS_NAMES.test(name)) return true;
  return LINKED_PORT.test(name) && /^(tcp|udp):\/\//.test(value);
}

function refuse(name: string, known: Iterable<string>): never {
  const hint = didYouMean(name, [...known, ...OTHER_NAMES]);
  throw new UsageError(
    'SETTING',
    `unknown environment variable ${name}${hint}; config.ini lists all settings, unset the others`,
  );
}
