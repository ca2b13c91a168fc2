import { UsageError } from '../failure.ts';
import { didYouMean } from '../suggestion.ts';
import { environmentNameOf, type RawSetting, SETTING_KEYS, type SettingKey } from './setting-table.ts';

/** Variables of this program that are not settings. */
const OTHER_NAMES = ['MEMCHORUS_CONFIG', 'MEMCHORUS_ID', 'MEMCHORUS_RUN_DIR'];

/**
 * Variables that other programs set: those that docker-compose.yml reads, and those that Kubernetes and
 * Docker set for a service or container of our name.
 */
const OTHERS_NAMES = new RegExp(
  [
    '^MEMCHORUS_(STORE_PORT_\\d+|STORE_ITEM_MAX|(.+_)?SERVICE_HOST|(.+_)?SERVICE_PORT(_.+)?|',
    '(.+_)?PORT_\\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)$',
  ].join(''),
);

/** Set by Kubernetes and Docker as well, such as `MEMCHORUS_PORT=tcp://10.0.0.1:8000`. */
const LINKED_PORT = /^MEMCHORUS_(.+_)?PORT$/;

/**
 * The settings in the environment, as a layer. A secret in the environment takes precedence over a file that
 * a weaker layer names. A variable that begins like a setting and is none is an error: if it were ignored,
 * the controller would run with a default that the user did not choose.
 *
 * @throws UsageError
 */
export function environmentLayer(environment: NodeJS.ProcessEnv): Map<SettingKey, RawSetting> {
  const keys = new Map(SETTING_KEYS.map((key) => [environmentNameOf(key), key]));
  const layer = new Map<SettingKey, RawSetting>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue;
    const key = keys.get(name);
    // `readSecret` reads the secret itself; no message may show it.
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
