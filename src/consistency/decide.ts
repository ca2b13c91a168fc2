import type { WallMs } from '../base/number-kinds.ts';
import type { ConditionalRequest, StorageRequest } from '../protocol/request.ts';
import type { Evaluation, Evaluator, ExistingEntry } from '../replication/evaluation.ts';
import type { DecideContext } from './conditional.ts';
import { decideArithmetic } from './decide-arithmetic.ts';
import { decideDelete, decideReadItem, decideTouch } from './decide-item.ts';
import { decideStorage } from './decide-storage.ts';
import { DIFFERENCE_LIMITS, nextChain } from './differences.ts';

/** False if the version of the entry, and whether it has expired, are enough to decide the request. */
export function needsValue(request: ConditionalRequest): boolean {
  switch (request.kind) {
    case 'storage':
      return isJoin(request);
    case 'delete':
      return request.invalidate || request.dropValue;
    case 'arithmetic':
    case 'touch':
    case 'read_item':
    case 'gat-one':
      return true;
  }
}

/** @param timeMs cluster time, milliseconds since 1970 */
export function evaluatorOf(
  timeMs: () => WallMs,
  itemBytesMax: number,
  differences = DIFFERENCE_LIMITS,
): Evaluator {
  return {
    needsValue,
    addsTo: (request, base) =>
      isJoin(request) && nextChain(request, base, differences, itemBytesMax) !== null,
    evaluate: (request, found) => {
      const nowMs = timeMs();
      const expired = found !== null && found.expiresAtMs !== 0 && found.expiresAtMs <= nowMs;
      return decide(request, expired ? null : found, { nowMs, itemBytesMax, differences });
    },
  };
}

/**
 * Decides what a request changes and answers, given what its key holds, as memcached would.
 *
 * @param found null if the key holds nothing
 */
export function decide(
  request: ConditionalRequest,
  found: ExistingEntry | null,
  context: DecideContext,
): Evaluation {
  switch (request.kind) {
    case 'storage':
      return decideStorage(request, found, context);
    case 'arithmetic':
      return decideArithmetic(request, found, context);
    case 'delete':
      return decideDelete(request, found, context);
    case 'read_item':
      return decideReadItem(request, found, context);
    case 'touch':
    case 'gat-one':
      return decideTouch(request, found, context);
  }
}

/** The request adds bytes to the value that its key has. */
export function isJoin(request: ConditionalRequest): request is StorageRequest {
  return request.kind === 'storage' && (request.verb === 'append' || request.verb === 'prepend');
}
