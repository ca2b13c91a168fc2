import type { LocalOperation } from '../../consistency/client-stream.ts';
import { REPLIES, type Reply } from '../../protocol/reply.ts';
import type { LocalRequest, ShowRequest, SlowlogRequest } from '../../protocol/request.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { renderSlowRequests, slowRequestsOf } from '../metrics/slow-requests-report.ts';
import { replyToStats } from '../metrics/stats-replies.ts';
import { PROTOCOL_VERSION } from '../product.ts';
import { nameOf, ownAddress } from '../settings.ts';
import { renderRequests, requestsOf } from '../status/requests-report.ts';
import { statusOf } from '../status/status-report.ts';
import { renderStatus } from '../status/status-table.ts';
import { cachedumpWords } from '../streams/dump-words.ts';
import { AdminReplies } from './admin-replies.ts';
import { replyToKeyspace } from './keyspace-replies.ts';
import { replyToMember } from './member-replies.ts';
import type { OnAdminReply } from './store-administration.ts';

/**
 * Answers requests that concern no entry. They need no peer; only `stats` and the administrative commands
 * need the store.
 */
export class LocalReplies {
  readonly #parts: ControllerParts;
  readonly #admin: AdminReplies;

  /** @param askShutdown has this controller end, once this turn's answers have left */
  constructor(parts: ControllerParts, askShutdown: () => void) {
    this.#parts = parts;
    this.#admin = new AdminReplies(parts, parts.settings.shutdownCommand ? askShutdown : null);
  }

  reply(request: LocalRequest, answer: OnAdminReply, operation: LocalOperation): void {
    const parts = this.#parts;
    switch (request.kind) {
      case 'version':
        return answer({ kind: 'line', line: `VERSION ${PROTOCOL_VERSION}` });
      case 'stats':
        if (request.words[0] === 'cachedump')
          return parts.dumps.begin(cachedumpWords(request.words), answer, operation);
        return replyToStats(parts, request.words, answer);
      case 'admin':
        return this.#admin.reply(request.words, answer, operation);
      case 'show':
        return answer(
          request.what === 'requests' ? showRequests(parts, request) : showStatus(parts, request),
        );
      case 'keyspace':
        return replyToKeyspace(parts, request, answer);
      case 'member':
        return replyToMember(parts, request, answer);
      case 'slowlog':
        return answer(slowlog(parts, request));
      case 'who': {
        const { settings } = parts;
        const address = nameOf(ownAddress(settings));
        return answer({ kind: 'line', line: `CONTROLLER ${settings.self} ${address}` });
      }
      // The reply to an invalid request is the line that it carries, and `quit` is not answered.
      case 'verbosity':
      case 'noop':
      case 'quit':
      case 'invalid':
        return answer(REPLIES.ok);
    }
    request satisfies never;
  }
}

function showStatus(parts: ControllerParts, { format }: ShowRequest): Reply {
  const status = statusOf(parts);
  return linesOf(format === 'json' ? JSON.stringify(status) : renderStatus(status));
}

function showRequests(parts: ControllerParts, { format }: ShowRequest): Reply {
  const requests = requestsOf(parts);
  return linesOf(format === 'json' ? JSON.stringify(requests) : renderRequests(requests));
}

function slowlog(parts: ControllerParts, { what, count, format }: SlowlogRequest): Reply {
  if (what === 'reset') {
    parts.core.coordinator.times.slow.clear();
    return { kind: 'line', line: 'OK' };
  }
  const report = slowRequestsOf(parts, count);
  return linesOf(format === 'json' ? JSON.stringify(report) : renderSlowRequests(report));
}

function linesOf(text: string): Reply {
  return { kind: 'lines', lines: text.split('\n') };
}
