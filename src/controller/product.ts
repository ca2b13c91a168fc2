import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

/**
 * The version of memcached whose protocol is spoken. `stats` shows it alone, because clients parse it as a
 * number with dots.
 */
export const MEMCACHED_VERSION = '1.6.18';

/**
 * The answer to `version`: clients derive features from the first word; the second names the program that
 * answers.
 */
export const PROTOCOL_VERSION = `${MEMCACHED_VERSION} memchorus/${VERSION}`;
