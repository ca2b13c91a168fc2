import { replyToKeyspace } from '../../src/controller/admin/keyspace-replies.ts';
import type { OnAdminReply } from '../../src/controller/admin/store-administration.ts';
import { REPLIES } from '../../src/protocol/reply.ts';
import type { LocalRequest } from '../../src/protocol/request.ts';

/** Answers a request that touches no entry: levels can be changed, and all other requests are answered with `OK`. */
export function replyLocally(
  parts: Parameters<typeof replyToKeyspace>[0],
  request: LocalRequest,
  answer: OnAdminReply,
): void {
  if (request.kind === 'keyspace') replyToKeyspace(parts, request, answer);
  else answer(REPLIES.ok);
}
