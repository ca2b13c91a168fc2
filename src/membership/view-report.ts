import type { Log } from '../base/log.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import { epochOf, samePlacement } from '../placement/agreed-placement.ts';
import { ballotName, type View } from './view.ts';
import type { ViewRecord } from './view-record.ts';

/** Writes to the log which views are installed here. A view that a former member is missing from is a warning. */
export class ViewReport {
  readonly #log: Log;
  /** Of the last view that was installed here, or that an earlier run has accepted. */
  #members: readonly ControllerId[];
  #placement: View['placement'];

  constructor(log: Log, { members, placement }: Pick<ViewRecord, 'members' | 'placement'>) {
    this.#log = log;
    this.#members = members.map(({ node }) => node);
    this.#placement = placement;
  }

  onInstalled({ ballot, members, reason, placement }: View): void {
    const nodes = members.map(({ node }) => node);
    const isSmaller = this.#members.some((node) => !nodes.includes(node));
    const isPlaced = !samePlacement(placement, this.#placement);
    this.#members = nodes;
    this.#placement = placement;
    const fields = { view: ballotName(ballot), members: nodes, reason };
    if (isSmaller) this.#log.warn('view installed', fields);
    else this.#log.info('view installed', fields);
    if (!isPlaced) return;
    const levels = placement?.keyspaces.map(({ name, level }) => `${name} ${level}`).join(', ') ?? '';
    this.#log.info('the levels have changed', { epoch: epochOf(placement), levels });
  }
}
