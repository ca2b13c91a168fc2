import { isDeepStrictEqual } from 'node:util';
import { REPLIES, type Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { PROTOCOL_VERSION } from './product.ts';
import type { Statistics } from './statistics.ts';
import type { Status } from './status.ts';
import { renderStatus } from './status-table.ts';

export interface LocalPorts {
  readonly statistics: Statistics;
  readonly status: () => Status;
  readonly connections: () => number;
  readonly itemBytesMax: number;
  readonly connectionsMax: number;
}

/** Answers to requests that concern no entry: they need no peer and no store. */
export class LocalReplies {
  readonly #ports: LocalPorts;

  constructor(ports: LocalPorts) {
    this.#ports = ports;
  }

  reply(request: Request): Reply {
    switch (request.kind) {
      case 'version':
        return { kind: 'line', line: `VERSION ${PROTOCOL_VERSION}` };
      case 'stats':
        return this.#stats(request.words);
      case 'show':
        return this.#show(request.format);
      case 'who': {
        const { controller, address } = this.#ports.status();
        return { kind: 'line', line: `CONTROLLER ${controller} ${address}` };
      }
      default:
        return REPLIES.ok;
    }
  }

  #show(format: 'table' | 'json'): Reply {
    const status = this.#ports.status();
    const lines = format === 'json' ? [JSON.stringify(status)] : renderStatus(status).split('\n');
    return { kind: 'lines', lines };
  }

  #stats(words: readonly string[]): Reply {
    if (words.length === 0) return { kind: 'stats', stats: this.#general() };
    if (isDeepStrictEqual(words, ['reset'])) {
      this.#ports.statistics.reset();
      return { kind: 'line', line: 'RESET' };
    }
    if (words[0] === 'settings') return { kind: 'stats', stats: this.#settings() };
    return { kind: 'line', line: 'ERROR' };
  }

  #general(): [string, string][] {
    const { statistics, connections } = this.#ports;
    const status = this.#ports.status();
    const cpu = process.resourceUsage();
    return [
      ['pid', String(process.pid)],
      ['uptime', String(Math.floor(status.uptimeSeconds))],
      ['time', String(Math.floor(Date.now() / 1000))],
      ['version', PROTOCOL_VERSION],
      ['pointer_size', '64'],
      ['rusage_user', (cpu.userCPUTime / 1e6).toFixed(6)],
      ['rusage_system', (cpu.systemCPUTime / 1e6).toFixed(6)],
      ['curr_connections', String(connections())],
      ...statistics.entries().map(([name, count]): [string, string] => [name, String(count)]),
      ['threads', '1'],
      ['curr_items', String(status.keys)],
      ['memchorus_level', status.level],
      ['memchorus_ready', status.ready ? '1' : '0'],
      ['memchorus_requests_pending', String(status.requests.pending)],
      ['memchorus_requests_completed', String(status.requests.completed)],
      ['memchorus_store_up', status.store.up ? '1' : '0'],
    ];
  }

  #settings(): [string, string][] {
    const { itemBytesMax, connectionsMax } = this.#ports;
    return [
      ['maxconns', String(connectionsMax)],
      ['item_size_max', String(itemBytesMax)],
      ['cas_enabled', 'yes'],
      ['binding_protocol', 'ascii'],
    ];
  }
}
