import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;

/**
 * What `version` and `stats` say: the memcached whose protocol is spoken, since clients read features from
 * it, and as a word of its own who really answers: some take what stands last in the first word.
 */
export const PROTOCOL_VERSION = `1.6.18 memchorus/${VERSION}`;
