import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

/** The memcached whose protocol is spoken. `stats` says it alone: clients read it as a number with dots. */
export const MEMCACHED_VERSION = '1.6.18';

/** What `version` says: clients read features from the first word; the second names the program that answers. */
export const PROTOCOL_VERSION = `${MEMCACHED_VERSION} memchorus/${VERSION}`;
