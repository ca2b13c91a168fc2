import { expect, it } from 'vitest';
import type { Coordinator } from '../../../src/consistency/coordinator.ts';
import { POLICIES } from '../../../src/consistency/level.ts';
import { Operation, type OperationOwner } from '../../../src/consistency/operation.ts';
import { isWrite } from '../../../src/consistency/request-kinds.ts';
import { ClientSession, type SessionPorts } from '../../../src/consistency/session.ts';
import { arithmeticRequest, storeRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { BOUNDLESS } from '../../support/reading.ts';

const PORTS: SessionPorts = {
  onReply: () => {},
  onPart: () => {},
  room: BOUNDLESS,
  waitedForClientSince: () => false,
};

/** Notes what was started, and leaves conditional writes undecided. */
class NotingCoordinator {
  readonly started: Request['kind'][] = [];
  readonly policy = POLICIES.eventual;

  readonly admit = (request: Request, owner: OperationOwner) => new Operation(request, 0, owner);
  readonly gate = () => ({ state: 'open' });
  readonly needOf = (request: Request) => (isWrite(request) ? 'write' : null);
  readonly start = (operation: Operation) => {
    this.started.push(operation.request.kind);
    if (operation.request.kind === 'arithmetic') return;
    operation.finish(REPLIES.ok);
  };
}

// Differential seed 38: between a `gats` that was not decided yet and a `set`, a line that is no command.
it('a request that concerns no entry does not let later ones overtake a conditional write', () => {
  const coordinator = new NotingCoordinator();
  const session = new ClientSession(coordinator as unknown as Coordinator, PORTS);
  session.submit(arithmeticRequest('incr', 'k', 1n));
  session.submit({ kind: 'invalid', line: 'ERROR', fatal: false, noreply: false });
  session.submit(storeRequest('set', 'k', 0, 0, Buffer.from('5')));
  expect(coordinator.started).toEqual(['arithmetic', 'invalid']);
});
