import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failure.ts';
import { type NodeEnvironment, nodeOptions } from '../../../src/cli/view-change/node-options.ts';
import { nodeSettings } from '../../../src/cli/view-change/node-settings.ts';

const wordsOf = (text: string) => text.split(' ').filter((word) => word !== '');
const anywhere = (port: number) => ({ host: '0.0.0.0', port });
const at = (host: string, port: number) => ({ host, port });

describe('the command line of a node of the store with view change', () => {
  it.each<[string, NodeEnvironment, object, object]>([
    ['', {}, at('127.0.0.1', 13_800), anywhere(13_800)],
    ['-p 8085', {}, at('127.0.0.1', 8085), anywhere(8085)],
    ['-i 127.0.0.3 --port=8085', {}, at('127.0.0.3', 8085), at('127.0.0.3', 8085)],
    ['', { ADDRESS: '127.0.0.2:8085' }, at('127.0.0.2', 8085), at('127.0.0.2', 8085)],
    ['', { ADDRESS: '10.10.0.2:8085' }, at('10.10.0.2', 8085), anywhere(8085)],
    ['--ip 127.0.0.9 -p 1', { ADDRESS: 'node1:8085' }, at('node1', 8085), at('127.0.0.9', 1)],
  ])('says where it is: %s %j', (words, environment, address, listensOn) => {
    expect(nodeOptions(wordsOf(words), environment)).toEqual({ address, listensOn, role: { kind: 'node' } });
  });

  it.each<[NodeEnvironment, object]>([
    [{ FORWARDING_ADDRESS: '' }, { kind: 'main' }],
    [{ FORWARDING_ADDRESS: '127.0.0.2:1' }, { kind: 'follower', main: at('127.0.0.2', 1) }],
  ])('tells a main instance from a follower: %j', (environment, role) => {
    expect(nodeOptions([], environment)).toMatchObject({ role });
  });

  const view = [at('127.0.0.3', 8085), at('127.0.0.2', 8085)];
  const ADDRESS = '127.0.0.2:8085';
  const VIEW = '127.0.0.3:8085, 127.0.0.2:8085';
  const more = (count: number) => Array.from({ length: count }, (_, i) => `127.0.0.${i + 4}:1`);

  it.each<[string, NodeEnvironment]>([
    ['', { ADDRESS, VIEW }],
    ['-v 127.0.0.3:8085,127.0.0.2:8085', { ADDRESS }],
    ['-v 127.0.0.9:1', { ADDRESS, VIEW }],
    ['--kvs-generation shards', { ADDRESS, VIEW, FORWARDING_ADDRESS: '' }],
    ['--kvs-generation forward', { ADDRESS, VIEW, MEMCHORUS_KVS_GENERATION: 'shards' }],
  ])('names the nodes of a view, in their order: %s %j', (words, environment) => {
    const role = { kind: 'shards', view };
    expect(nodeOptions(wordsOf(words), environment)).toMatchObject({ role });
  });

  it.each<[string, NodeEnvironment, number]>([
    ['-r 2', { ADDRESS, VIEW }, 2],
    ['-r 7', { ADDRESS, VIEW, REPL_FACTOR: '2' }, 2],
    ['', { ADDRESS, VIEW, REPL_FACTOR: '1' }, 1],
    ['--kvs-generation replicas', { ADDRESS, VIEW }, 1],
  ])('says how many nodes have each key: %s %j', (words, environment, factor) => {
    const role = { kind: 'replicas', view, factor };
    expect(nodeOptions(wordsOf(words), environment)).toMatchObject({ role });
  });

  it.each([2, 12])('makes shards of the nodes of a view, %j more of them', (count) => {
    const several = { ADDRESS, VIEW: [VIEW, ...more(count)].join(), REPL_FACTOR: '2' };
    const options = nodeOptions([], several);
    if (options === 'help') throw new Error('there is no flag');
    expect(options.role).toMatchObject({ kind: 'replicas', factor: 2 });
    const { view: nodes, factor } = options.role as Extract<
      typeof options.role,
      { kind: 'replicas' | 'shards' }
    >;
    const { sharded } = nodeSettings(options.address, nodes, factor);
    const runs = Array.from({ length: (count + 2) / 2 }, (_, run) => [2 * run, 2 * run + 1]);
    expect(sharded).toEqual([{ name: 'default', shards: runs.length, replicas: 2, members: runs }]);
  });

  it('tells which generation is meant where several could be', () => {
    const both = { ADDRESS, VIEW, FORWARDING_ADDRESS: '' };
    expect(nodeOptions([], both)).toMatchObject({ role: { kind: 'main' } });
    expect(nodeOptions(['--kvs-generation', 'shards'], { ADDRESS })).toMatchObject({
      role: { kind: 'shards', view: [at('127.0.0.2', 8085)] },
    });
  });

  it.each<[string, NodeEnvironment]>([
    ['--nonsense 1', {}],
    ['word', {}],
    ['-p', {}],
    ['-p 0', {}],
    ['-p 65536', {}],
    ['', { ADDRESS: 'no-port' }],
    ['', { FORWARDING_ADDRESS: 'no-port' }],
    ['', { ADDRESS: '127.0.0.1:1', VIEW: '127.0.0.1:1,127.0.0.1:2,127.0.0.1:1' }],
    ['', { ADDRESS: '127.0.0.1:1', VIEW: '127.0.0.1:1,no-port' }],
    ['--kvs-generation fourth', {}],
    ['-r 2', { ADDRESS, VIEW: `${VIEW},127.0.0.4:1` }],
    ['-r 2', { ADDRESS, VIEW: [VIEW, ...more(14)].join() }],
    ['-r 0', { ADDRESS, VIEW }],
    ['-r two', { ADDRESS, VIEW }],
    ['-r 2', {}],
    ['', { REPL_FACTOR: '3' }],
  ])('is refused: %s %j', (words, environment) => {
    expect(() => nodeOptions(wordsOf(words), environment)).toThrow(UsageError);
  });

  it.each(['-h', '--help', '-p x -h'])('shows its help: %s', (words) => {
    expect(nodeOptions(wordsOf(words), {})).toBe('help');
  });
});
