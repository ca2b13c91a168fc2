import { replyToKeyspace } from '../../src/controller/admin/keyspace-replies.ts';
import { replyToMember } from '../../src/controller/admin/member-replies.ts';
import type { OnAdminReply } from '../../src/controller/admin/store-administration.ts';
import { REPLIES } from '../../src/protocol/reply.ts';
import type { LocalRequest } from '../../src/protocol/request.ts';

/** Answers a request that touches no entry: levels and members can be changed, and all other requests are answered with `OK`. */
export function replyLocally(
  parts: Omit<Parameters<typeof replyToMember>[0], 'mesh'>,
  request: LocalRequest,
  answer: OnAdminReply,
): void {
  if (request.kind === 'keyspace') replyToKeyspace(parts, request, answer);
  else if (request.kind === 'member') replyToMember({ ...parts, mesh: NO_MESH }, request, answer);
  else answer(REPLIES.ok);
}

/** Nobody is refused. */
const NO_MESH = { refusalOf: () => null, isUp: () => true };
