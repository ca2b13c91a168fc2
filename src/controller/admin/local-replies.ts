import { REPLIES, type Reply } from '../../protocol/reply.ts';
import type { Request, ShowRequest } from '../../protocol/request.ts';
import { type StatsPorts, StatsReplies } from '../metrics/stats-replies.ts';
import { PROTOCOL_VERSION } from '../product.ts';
import { type RequestsStatus, renderRequests } from '../status/requests-report.ts';
import { renderStatus } from '../status/status-table.ts';
import { AdminReplies } from './admin-replies.ts';
import type { Answer } from './store-administration.ts';

export interface LocalPorts extends StatsPorts {
  readonly requests: () => RequestsStatus;
  /** Ends this controller. */
  readonly shutdown: () => void;
}

/** Answers to requests that concern no entry: they need no peer, and the store only where they are about it. */
export class LocalReplies {
  readonly #ports: LocalPorts;
  readonly #stats: StatsReplies;
  readonly #admin: AdminReplies;

  constructor(ports: LocalPorts) {
    const { store, settings, shutdown } = ports;
    this.#ports = ports;
    this.#stats = new StatsReplies(ports);
    this.#admin = new AdminReplies({ store, shutdownEnabled: settings.shutdownCommand, shutdown });
  }

  reply(request: Request, answer: Answer): void {
    switch (request.kind) {
      case 'version':
        return answer({ kind: 'line', line: `VERSION ${PROTOCOL_VERSION}` });
      case 'stats':
        return this.#stats.reply(request.words, answer);
      case 'admin':
        return this.#admin.reply(request.words, answer);
      case 'show':
        return answer(
          request.what === 'requests' ? this.#requests(request.format) : this.#show(request.format),
        );
      case 'who': {
        const { controller, address } = this.#ports.status();
        return answer({ kind: 'line', line: `CONTROLLER ${controller} ${address}` });
      }
      default:
        return answer(REPLIES.ok);
    }
  }

  #show(format: ShowRequest['format']): Reply {
    const status = this.#ports.status();
    return linesOf(format === 'json' ? JSON.stringify(status) : renderStatus(status));
  }

  #requests(format: ShowRequest['format']): Reply {
    const requests = this.#ports.requests();
    return linesOf(format === 'json' ? JSON.stringify(requests) : renderRequests(requests));
  }
}

function linesOf(text: string): Reply {
  return { kind: 'lines', lines: text.split('\n') };
}
