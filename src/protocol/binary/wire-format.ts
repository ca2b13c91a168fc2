/** memcached's binary protocol on the wire: header, statuses, and the texts that memcached 1.6.18 sends with them. */

export const REQUEST_MAGIC = 0x80;
export const RESPONSE_MAGIC = 0x81;

/** Size of the header of requests and responses, in bytes. */
export const HEADER_BYTES = 24;

/** Where the fields of the header begin. In a response, the status takes the place of the vbucket. */
export const AT = {
  opcode: 1,
  keyBytes: 2,
  extrasBytes: 4,
  status: 6,
  bodyBytes: 8,
  opaque: 12,
  cas: 16,
} as const;

/** The longest extras of any command, in bytes. */
export const EXTRAS_BYTES_MAX = 20;

/** Longest header, extras and key together, in bytes: memcached's read buffer. A longer packet closes. */
export const PREAMBLE_BYTES_MAX = 16_384;

/** The exptime of an `increment` or `decrement` that fails if there is no entry, instead of making one. */
export const NO_INITIAL_VALUE = 0xffff_ffff;

export interface Failure {
  readonly status: number;
  readonly text: string;
}

export const SUCCESS = 0;

export const FAILURES = {
  notFound: { status: 0x01, text: 'Not found' },
  exists: { status: 0x02, text: 'Data exists for key.' },
  tooLarge: { status: 0x03, text: 'Too large.' },
  invalidArguments: { status: 0x04, text: 'Invalid arguments' },
  notStored: { status: 0x05, text: 'Not stored.' },
  nonNumeric: { status: 0x06, text: 'Non-numeric server-side value for incr or decr' },
  unknownCommand: { status: 0x81, text: 'Unknown command' },
} as const satisfies Record<string, Failure>;

/**
 * "Temporary failure", of the protocol's list of statuses: the answer to a request that the cluster cannot carry out
 * now, with the reason as its text. memcached itself never sends it.
 */
export const TEMPORARY_FAILURE = 0x86;
