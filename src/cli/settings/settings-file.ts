import { readFileSync } from 'node:fs';
import ini from 'ini';
import { reasonOf, systemCodeOf, UsageError } from '../failure.ts';
import { didYouMean } from '../suggestion.ts';
import { keyspaceOfSection } from './keyspace-list.ts';
import { isSettingKey, type RawSetting, SETTING_KEYS, type SettingKey } from './setting-table.ts';
import { BadValue } from './setting-values.ts';

const SECTION = 'common';

/** A larger file is certainly no configuration. */
const FILE_BYTES_MAX = 1_048_576;

/**
 * Reads `[common]` and the sections `[keyspace NAME]` of a configuration file. Everything that is not known there is an
 * error: a misspelt key that were passed over in silence would run with a default that nobody chose.
 *
 * @param mayBeMissing true for a default path: then a file that is not there says nothing
 * @throws UsageError
 */
export function readSettingsFile(path: string, mayBeMissing: boolean): Map<SettingKey, RawSetting> {
  const text = readText(path, mayBeMissing);
  return text === null ? new Map() : parseSettings(text, path);
}

function readText(path: string, mayBeMissing: boolean): string | null {
  try {
    const contents = readFileSync(path);
    if (contents.length > FILE_BYTES_MAX)
      throw new UsageError('CONFIG_FILE', `${path} is too large for a configuration`);
    return contents.toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (systemCodeOf(error) === 'ENOENT') {
      if (mayBeMissing) return null;
      throw new UsageError(
        'CONFIG_FILE',
        `there is no configuration file ${path}: check the path given with -c`,
      );
    }
    throw new UsageError('CONFIG_FILE', `cannot read the configuration file ${path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** @throws UsageError */
export function parseSettings(text: string, path: string): Map<SettingKey, RawSetting> {
  refuseRepetitions(text, path);
  const settings = new Map<SettingKey, RawSetting>();
  const keyspaces: string[] = [];
  for (const [section, keys] of Object.entries(ini.parse(text))) {
    if (typeof keys !== 'object' || keys === null) {
      throw new UsageError(
        'CONFIG_FILE',
        `${path}: "${section}" stands before any section; put it under [${SECTION}]`,
      );
    }
    const keyspace = KEYSPACE_SECTION.exec(section)?.[1];
    if (keyspace !== undefined) {
      keyspaces.push(keyspaceIn(keyspace, keys, path));
      continue;
    }
    if (section !== SECTION) {
      const hint = didYouMean(section, [SECTION, 'keyspace NAME']);
      throw new UsageError(
        'CONFIG_FILE',
        `${path}: unknown section [${section}]${hint}; there are [${SECTION}] and, for each keyspace, [keyspace NAME]`,
      );
    }
    for (const [key, value] of Object.entries(keys)) {
      settings.set(knownKey(key, path), { text: textOf(value, key, path), origin: `${key} in ${path}` });
    }
  }
  if (settings.has('keyspaces'))
    throw new UsageError(
      'CONFIG_FILE',
      `${path}: write a section [keyspace NAME] for each keyspace, not "keyspaces"`,
    );
  if (keyspaces.length > 0)
    settings.set('keyspaces', {
      text: keyspaces.join(' '),
      origin: `what the sections [keyspace] in ${path} say`,
    });
  return settings;
}

/** Any name: one that will not do is refused with the reason. */
const KEYSPACE_SECTION = /^keyspace(?:\s+(.*))?$/;

function keyspaceIn(name: string, keys: Readonly<Record<string, unknown>>, path: string): string {
  const texts = Object.entries(keys).map(([key, value]) => [key, textOf(value, key, path)] as const);
  try {
    return keyspaceOfSection(name, Object.fromEntries(texts));
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new UsageError('CONFIG_FILE', `${path}: ${error.message}`, { cause: error });
  }
}

/** The parser would take the last one, and whoever reads the file the first. @throws UsageError */
function refuseRepetitions(text: string, path: string): void {
  const lines = new Map<string, number>();
  let section = '';
  text.split(/\r\n|\r|\n/).forEach((line, index) => {
    section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim() ?? section;
    const key = /^\s*([^\s=;#[][^=[]*?)(\[\])?\s*=/.exec(line)?.[1];
    if (key === undefined) return;
    const place = `[${section}] ${key}`;
    const first = lines.get(place);
    if (first !== undefined)
      throw new UsageError(
        'CONFIG_FILE',
        `${path}: "${key}" stands there twice, in lines ${first} and ${index + 1}; keep one`,
      );
    lines.set(place, index + 1);
  });
}

function knownKey(key: string, path: string): SettingKey {
  if (isSettingKey(key)) return key;
  const hint = didYouMean(key, SETTING_KEYS);
  throw new UsageError(
    'CONFIG_FILE',
    `${path}: unknown key "${key}" in [${SECTION}]${hint || '; config.ini lists all keys'}`,
  );
}

function textOf(value: unknown, key: string, path: string): string {
  if (typeof value === 'object') {
    throw new UsageError(
      'CONFIG_FILE',
      `${path}: "${key}" is given more than once or has parts; write ${key} = value, once`,
    );
  }
  return String(value).trim();
}
