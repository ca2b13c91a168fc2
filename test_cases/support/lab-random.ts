/**
 * Random scripts of a lab. Most commands can be carried out; some name what is not there.
 */
export function randomScript(seed: number): string {
  const random = mulberry32(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
  const servers = pick([
    [0, 1, 2, 3, 4],
    [7, 3, 12, 0],
    [5, 100_000, 999_999],
  ]);
  const clients = pick([[9], [10, 20, 30], [8, 11, 14, 17, 21]]);
  const keys = pick([['x'], ['x', 'y'], ['0', '00', 'k', 'z.z']]);
  const lines = servers.slice(0, 2 + below(servers.length - 1)).map((id) => `joinServer ${id}`);
  for (const client of clients) lines.push(`joinClient ${client} ${pick(servers)}`);
  const cutsFirst = random() < 0.6;
  for (const a of servers)
    for (const b of servers) if (cutsFirst && a < b) lines.push(`breakConnection ${a} ${b}`);
  const isPlain = random() < 0.5;
  const any = (): number => pick([...servers, ...clients]);
  const move = (client: number): string =>
    [
      ...servers.map((id) => `breakConnection ${client} ${id}`),
      `createConnection ${pick(servers)} ${client}`,
    ].join('\n');
  const commands: readonly (readonly [weight: number, make: () => string])[] = [
    [3, () => `joinServer ${pick(servers)}`],
    [1, () => `killServer ${pick(servers)}`],
    [2, () => `joinClient ${random() < 0.95 ? pick(clients) : pick(servers)} ${pick(servers)}`],
    [8, () => `breakConnection ${pick(servers)} ${pick(servers)}`],
    [2, () => `breakConnection ${any()} ${any()}`],
    [4, () => `createConnection ${pick(servers)} ${pick(servers)}`],
    [2, () => `createConnection ${any()} ${any()}`],
    [10, () => move(pick(clients))],
    [4, () => 'stabilize'],
    [6, () => `printStore ${pick(servers)}`],
    [22, () => `put ${random() < 0.5 ? clients[0] : pick(clients)} ${pick(keys)} v${below(1_000_000)}`],
    [22, () => `get ${pick(clients)} ${pick(keys)}`],
    [isPlain ? 0 : 2, () => `level ${pick(clients)} ${pick(['eventual', 'session', 'causal'])}`],
    [
      isPlain ? 0 : 3,
      () => `guarantee ${pick(clients)} ${pick(['ryw', 'mr', 'mw', 'wfr'])} ${pick(['on', 'off'])}`,
    ],
    [isPlain ? 0 : 1, () => `partition ${pick(servers)} | ${pick(servers)} ${pick(clients)}`],
    [isPlain ? 0 : 1, () => 'heal'],
    [isPlain ? 0 : 1, () => `backgroundExchange ${pick(['0.25', '1', 'off'])}`],
    [isPlain ? 0 : 2, () => `wait ${pick(['0.1', '0.25', '0.6', '2'])}`],
    [1, () => pick(['', '  ', 'get 99 x', 'put 9', 'stabilize now', 'killServer x', '# remark'])],
  ];
  const count = 60 + below(140);
  const weighted = commands.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  while (lines.length < count) lines.push(...pick(weighted)().split('\n'));
  return `${lines.join(pick(['\n', '\r\n', ' \n']))}\n\n`;
}

/** A small generator of numbers from 0 up to, but not including, 1 (Tommy Ettinger, 2017, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
