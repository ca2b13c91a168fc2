import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failure.ts';
import { nodeOptions, type ShardedEnvironment } from '../../../src/cli/sharded/node-options.ts';

const wordsOf = (text: string) => text.split(' ').filter((word) => word !== '');
const at = (host: string, port: number) => ({ host, port });
const SOCKET_ADDRESS = '127.0.0.2:8085';
const VIEW = '127.0.0.3:8085, 127.0.0.2:8085';
const NODE = { SOCKET_ADDRESS, VIEW, SHARD_COUNT: '1' };

/** So many nodes, this one among them. */
const viewOf = (count: number) => Array.from({ length: count }, (_, i) => `127.0.0.${i + 2}:8085`).join();

describe('the command line of a node of the sharded store', () => {
  it('names all nodes, in an order that does not depend on that of VIEW', () => {
    for (const view of [VIEW, '127.0.0.2:8085,127.0.0.3:8085'])
      expect(nodeOptions([], { ...NODE, VIEW: view })).toEqual({
        address: at('127.0.0.2', 8085),
        listensOn: at('127.0.0.2', 8085),
        view: [at('127.0.0.2', 8085), at('127.0.0.3', 8085)],
        shardCount: 1,
        listFormat: 'joined',
        causalWaitMs: 5_000,
      });
  });

  it.each<[ShardedEnvironment, object]>([
    [{ ...NODE, PORT: '9000' }, at('127.0.0.2', 9000)],
    [{ ...NODE, HOST: '0.0.0.0' }, at('0.0.0.0', 8085)],
    [
      { SOCKET_ADDRESS: '10.10.0.2:8080', VIEW: '10.10.0.2:8080,10.10.0.3:8080', SHARD_COUNT: '1' },
      at('0.0.0.0', 8080),
    ],
  ])('says where it listens: %j', (environment, listensOn) => {
    expect(nodeOptions([], environment)).toMatchObject({ listensOn });
  });

  it.each<[string, ShardedEnvironment, object]>([
    ['--list-format array', {}, { listFormat: 'array' }],
    ['--list-format=array', { MEMCHORUS_LIST_FORMAT: 'joined' }, { listFormat: 'joined' }],
    ['--causal-wait 0.5', {}, { causalWaitMs: 500 }],
    ['', { MEMCHORUS_CAUSAL_WAIT: '50' }, { causalWaitMs: 50_000 }],
  ])('takes %s %j', (words, environment, options) => {
    expect(nodeOptions(wordsOf(words), { ...NODE, ...environment })).toMatchObject(options);
  });

  it.each([
    [4, '2'],
    [7, ' 3 '],
    [14, '7'],
  ])('spreads the keys of %j nodes over %j shards', (nodes, count) => {
    const environment = { ...NODE, VIEW: viewOf(nodes), SHARD_COUNT: count };
    expect(nodeOptions([], environment)).toMatchObject({ shardCount: Number(count) });
  });

  it('lets a single node through', () => {
    const alone = { SOCKET_ADDRESS, VIEW: SOCKET_ADDRESS, SHARD_COUNT: '1' };
    expect(nodeOptions([], alone)).toMatchObject({ view: [at('127.0.0.2', 8085)] });
  });

  it.each<[string, ShardedEnvironment]>([
    ['', {}],
    ['--nonsense 1', NODE],
    ['word', NODE],
    ['--causal-wait', NODE],
    ['--causal-wait 0', NODE],
    ['--causal-wait 51', NODE],
    ['--causal-wait soon', NODE],
    ['--list-format lists', NODE],
    ['', { ...NODE, SOCKET_ADDRESS: '127.0.0.4:8085' }],
    ['', { ...NODE, SOCKET_ADDRESS: 'no-port' }],
    ['', { ...NODE, VIEW: `${VIEW},127.0.0.2:8085` }],
    ['', { ...NODE, PORT: '0' }],
    ['', { SOCKET_ADDRESS, VIEW }],
    ['', { ...NODE, SHARD_COUNT: 'two' }],
    ['', { ...NODE, SHARD_COUNT: '2' }],
    ['', { ...NODE, VIEW: `${VIEW},127.0.0.4:1`, SHARD_COUNT: '2' }],
    ['', { ...NODE, VIEW: viewOf(16), SHARD_COUNT: '8' }],
  ])('is refused: %s %j', (words, environment) => {
    expect(() => nodeOptions(wordsOf(words), environment)).toThrow(UsageError);
  });

  it.each(['-h', '--help', '--causal-wait x -h'])('shows its help: %s', (words) => {
    expect(nodeOptions(wordsOf(words), {})).toBe('help');
  });
});
