import { expect, it } from 'vitest';
import type { Coordinator } from '../../../src/consistency/coordinator.ts';
import { Operation, type OperationListener } from '../../../src/consistency/operation.ts';
import { Pipeline, type PipelinePorts } from '../../../src/consistency/pipeline.ts';
import { kindOf } from '../../../src/consistency/request-kinds.ts';
import { arithmeticRequest, storageRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { newContext } from '../../../src/replication/request-context.ts';
import { BOUNDLESS, NO_STREAM } from '../../support/reading.ts';

const PORTS: PipelinePorts = {
  context: newContext(),
  onReply: () => {},
  onPart: () => {},
  stream: NO_STREAM,
  budget: BOUNDLESS,
  waitedForClientSince: () => false,
  clientName: () => '',
};

/** Records the requests that were started. It answers all of them but the arithmetic ones. */
class NotingCoordinator {
  readonly started: Request['kind'][] = [];

  readonly admit = (request: Request, owner: OperationListener) =>
    new Operation(request, kindOf(request).access(request), true, 0, 0, owner);
  readonly nowMs = () => 0;
  readonly times = { onAnswered: () => {} };
  readonly nextClient = () => 1;
  readonly gate = () => ({ state: 'open' });
  readonly waitsForOwnWrites = () => false;
  readonly start = (operation: Operation) => {
    this.started.push(operation.request.kind);
    if (operation.request.kind === 'arithmetic') return;
    operation.finish(REPLIES.ok);
  };
}

// Differential seed 38: an invalid line came between an undecided `gats` and a `set`.
it('a request that touches no entry does not let later requests overtake a conditional write', () => {
  const coordinator = new NotingCoordinator();
  const pipeline = new Pipeline(coordinator as unknown as Coordinator, PORTS);
  pipeline.submit(arithmeticRequest('incr', 'k', 1n));
  pipeline.submit({ kind: 'invalid', line: 'ERROR', fatal: false, noreply: false });
  pipeline.submit(storageRequest('set', 'k', 0, 0, Buffer.from('5')));
  expect(coordinator.started).toEqual(['arithmetic', 'invalid']);
});
