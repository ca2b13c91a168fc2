/** A flag or a word, and what it means. */
export type Note = readonly [word: string, meaning: string];

/** What `mg` and the others return in front of what was asked for. */
const STATES: readonly Note[] = [
  ['W', 'in the answer: this client has won the right to recache the value'],
  ['X', 'in the answer: the value is marked as out of date'],
  ['Z', 'in the answer: another client has won the right to recache'],
];

const KEY_FLAGS: readonly Note[] = [
  ['b', 'the key is in base64'],
  ['k', 'return the key'],
  ['O<text>', 'return this text, to tell answers apart'],
  ['q', 'no answer for the usual outcome: a miss of mg, success of the others'],
];

const SESSION_FLAGS: readonly Note[] = [
  ['y', 'return the token of the session'],
  ['Y<token>', 'as part of the session of this token'],
];

const TOKEN_FLAGS: readonly Note[] = [
  ['c', 'return the token'],
  ['C<token>', 'only if the entry has this token'],
  ['E<token>', 'the new token of the entry'],
];

/** The flags of the meta commands. */
export const COMMAND_FLAGS: Readonly<Record<string, readonly Note[]>> = {
  mg: [
    ['v', 'return the value'],
    ['f', 'return the flags'],
    ['c', 'return the token'],
    ['s', 'return the size of the value'],
    ['t', 'return the seconds until it expires, -1 for never'],
    ['h', 'return whether it has been read before: 0 or 1'],
    ['l', 'return the seconds since the last access'],
    ['T<seconds>', 'give it a new expiry time'],
    ['N<seconds>', 'on a miss, make an empty entry that expires then, and win the right to recache'],
    ['R<seconds>', 'win the right to recache if it expires sooner than that'],
    ['G<level>', 'read at a weaker level: l, s, c or e'],
    ['A<milliseconds>', 'the answer shows every write that is older than that'],
    ...KEY_FLAGS,
    ...SESSION_FLAGS,
    ...STATES,
  ],
  ms: [
    ['F<number>', 'the flags of the entry, which mean something to clients alone'],
    ['T<seconds>', 'its expiry time'],
    ['M<mode>', 'E: add, R: replace, A: append, P: prepend, S: set'],
    ['I', 'with C and an older token: store, and mark as out of date'],
    ['N<seconds>', 'with MA or MP on a miss: make an entry that expires then'],
    ...TOKEN_FLAGS,
    ...KEY_FLAGS,
    ...SESSION_FLAGS,
  ],
  md: [
    ['I', 'do not remove it: mark it as out of date'],
    ['T<seconds>', 'with I: its new expiry time'],
    ['x', 'remove the value, and keep the entry'],
    ['C<token>', 'only if the entry has this token'],
    ['E<token>', 'with I or x: the new token of the entry'],
    ...KEY_FLAGS,
    ...SESSION_FLAGS,
  ],
  ma: [
    ['D<number>', 'by how much, 1 if it is left out'],
    ['M<mode>', 'I or +: add, D or -: subtract, not below 0'],
    ['v', 'return the new number'],
    ['t', 'return the seconds until it expires, -1 for never'],
    ['N<seconds>', 'on a miss, make an entry that expires then'],
    ['J<number>', 'with N: the number it begins with, 0 if it is left out'],
    ['T<seconds>', 'give it a new expiry time'],
    ...TOKEN_FLAGS,
    ...KEY_FLAGS,
    ...SESSION_FLAGS,
  ],
};

/** The words that a command takes in a certain place, and what each does. */
export const COMMAND_ARGUMENTS: Readonly<Record<string, readonly Note[]>> = {
  stats: [
    ['hotkeys', 'the keys that clients of this controller ask for most'],
    ['bigkeys', 'the keys with the largest values'],
    ['settings', 'what the controller and its store were started with'],
    ['conns', 'the clients that are connected'],
    ['items', 'the items of the store, by slab class'],
    ['slabs', 'the memory of the store, by slab class'],
    ['sizes', 'how many items of the store have which size'],
    ['detail', 'on, off, dump: operations by the part of a key before its first colon'],
    ['cachedump', '<class> <limit>: keys of a slab class'],
    ['reset', 'counters begin at 0 again'],
  ],
  show: [
    ['cluster', 'every controller, asked one by one'],
    ['requests', 'the requests that are pending here'],
    ['json', 'the same as JSON'],
  ],
  level: [
    ['linearizability', 'reads see every write that was answered before'],
    ['sequential', 'reads are local, after the own writes'],
    ['causal', 'reads never see an effect before its cause'],
    ['eventual', 'reads are local'],
    ['stale-ms', '<milliseconds>: a bound on how old an answer is'],
    ['default', 'the level of each keyspace again'],
  ],
  watch: [
    ['fetchers', 'reads'],
    ['mutations', 'writes'],
    ['deletions', 'keys that are removed'],
  ],
  lru_crawler: [
    ['metadump', 'all: every key with what is known of it'],
    ['mgdump', 'all: every key, as a line of mg'],
    ['enable', 'of the local memcached'],
    ['disable', 'of the local memcached'],
    ['crawl', '<classes>: removes what has expired in the local memcached'],
    ['sleep', '<microseconds>'],
    ['tocrawl', '<items>'],
  ],
  keyspace: [
    ['json', 'as JSON'],
    ['add', '<name> <prefix> <level>: one more keyspace, while the cluster runs'],
    ['remove', '<name>: its keys get into the keyspaces with shorter prefixes'],
    ['prefix', '<name> <prefix>: another prefix'],
    ['<name>', '<level>: another level, such as sequential, or sequential/chain with its scheme'],
    ['<name>', 'shards <number>[x<replicas>]: first shards, or another number'],
    ['<name>', 'move <shard> <controllers>: that shard gets these controllers, such as 3,4,5'],
    ['<name>', 'rebalance [without <controller>]: its shards evenly over the controllers'],
    ['<name>', 'cancel: ends a change, as long as the keyspaces before it serve'],
  ],
  slowlog: [
    ['reset', 'forget the requests'],
    ['json', 'as JSON'],
  ],
  shutdown: [['graceful', 'as without it: what is in progress is answered']],
};

/** What a command answers, where that needs a word. */
export const COMMAND_ANSWERS: Readonly<Record<string, readonly Note[]>> = {
  cas: [
    ['STORED', 'the token was still the same'],
    ['EXISTS', 'somebody has changed the value since'],
    ['NOT_FOUND', 'there is no such key'],
  ],
  mg: [
    ['VA <bytes> …', 'and the value on the next line'],
    ['HD …', 'found, and no value asked for'],
    ['EN', 'a miss'],
  ],
  ms: [
    ['HD', 'stored'],
    ['NS', 'not stored: the mode did not allow it'],
    ['EX', 'another token'],
    ['NF', 'C, and there is no such key'],
  ],
  md: [
    ['HD', 'removed, or marked'],
    ['NF', 'there is no such key'],
    ['EX', 'another token'],
  ],
  ma: [
    ['HD', 'done'],
    ['VA <bytes>', 'and the new number on the next line, with v'],
    ['NF', 'there is no such key'],
    ['NS', 'not stored'],
    ['EX', 'another token'],
  ],
};

export const COMMAND_EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  get: ['get user:1', 'get user:1 user:2', 'get "two words"'],
  gets: ['gets counter'],
  gat: ['gat 60 session:1'],
  cas: ['cas counter 0 0 1 95751062217031680 7'],
  incr: ['incr counter 5'],
  touch: ['touch session:1 3600'],
  delete: ['delete user:1'],
  flush_all: ['flush_all', 'flush_all 60'],
  mg: ['mg user:1 v', 'mg user:1 v t f', 'mg page v R30', 'mg user:1 v Ge'],
  ms: ['ms user:1 5 T60', 'ms user:1 5 ME'],
  md: ['md user:1', 'md page I T30'],
  ma: ['ma counter v', 'ma counter D5 MD v', 'ma counter N60 J1 v'],
  level: ['level sequential', 'level stale-ms 500', 'level default'],
  keyspace: [
    'keyspace',
    'keyspace add carts cart: causal',
    'keyspace carts sequential',
    'keyspace remove carts',
  ],
  watch: ['watch fetchers mutations'],
  stats: ['stats', 'stats hotkeys'],
  lru_crawler: ['lru_crawler metadump all'],
};
