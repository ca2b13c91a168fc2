import type { Clock } from '../base/clock.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import { type Placement, samePlacement } from '../placement/agreed-placement.ts';
import { type Configuration, sameConfiguration } from '../placement/configuration.ts';
import { type Ballot, NO_BALLOT, sameBallot } from './ballot.ts';
import type { Retention } from './messages.ts';
import type { Member, View } from './view.ts';
import type { ViewLog, ViewRecord } from './view-record.ts';

/**
 * The acceptor's part in views: what this controller has promised and accepted.
 *
 * A promise or an acceptance binds this controller from the call on. No other controller is told of it before it is
 * on disk.
 */
export class Acceptor {
  readonly #viewLog: ViewLog;
  readonly #clock: Clock;
  #record: ViewRecord;
  #retention: Retention;
  /** When the record was handed to the disk, monotonic; null when the record is there. */
  #savingSinceMs: MonotonicMs | null = null;

  constructor(viewLog: ViewLog, clock: Clock) {
    this.#viewLog = viewLog;
    this.#clock = clock;
    const record = viewLog.load();
    this.#record = record ?? {
      promised: NO_BALLOT,
      accepted: NO_BALLOT,
      members: [],
      sync: false,
      journal: null,
      placement: null,
      installed: null,
      configuration: null,
      installedConfiguration: null,
    };
    this.#retention = record === null ? 'lost' : record.sync ? 'complete' : 'recovered';
  }

  get promised(): Ballot {
    return this.#record.promised;
  }

  get accepted(): Ballot {
    return this.#record.accepted;
  }

  /** Members of the accepted view. */
  get members(): readonly Member[] {
    return this.#record.members;
  }

  /** The placement of the accepted view. */
  get placement(): Placement | null {
    return this.#record.placement;
  }

  /** The placement of the last view that is known to have been installed here. */
  get installed(): Placement | null {
    return this.#record.installed;
  }

  /** The configuration of the accepted view; null while it is that of the configuration file. */
  get configuration(): Configuration | null {
    return this.#record.configuration;
  }

  /** The configuration of the last view that is known to have been installed here. */
  get installedConfiguration(): Configuration | null {
    return this.#record.installedConfiguration;
  }

  /** The journal that had the state of the accepted view: see `ViewRecord`. */
  get journal(): string | null {
    return this.#record.journal;
  }

  get retention(): Retention {
    return this.#retention;
  }

  /** Everything that was promised and accepted would survive a crash. */
  get isKept(): boolean {
    return this.#savingSinceMs === null;
  }

  /** @param done called when the promise is on disk, unless a higher one has been given by then */
  promise(ballot: Ballot, done: () => void): void {
    this.#save({ ...this.#record, promised: ballot }, done);
  }

  /**
   * @param sync in this view, every acknowledgement of this controller means: on my disk
   * @param journal the name of the journal that has the state of this view
   * @param done called when the acceptance is on disk, unless a higher ballot has been promised by then
   */
  accept(view: View, sync: boolean, journal: string, done: () => void): void {
    this.#retention = 'intact';
    const { ballot, members, placement, configuration } = view;
    const { installed, installedConfiguration } = this.#record;
    const accepted = { promised: ballot, accepted: ballot, members, sync, journal, placement, configuration };
    this.#save({ ...accepted, installed, installedConfiguration }, done);
  }

  /** The accepted view is installed. Its placement and configuration are recorded where they are new. */
  noteInstalled(): void {
    const { placement, installed, configuration, installedConfiguration } = this.#record;
    if (samePlacement(placement, installed) && sameConfiguration(configuration, installedConfiguration))
      return;
    this.#save({ ...this.#record, installed: placement, installedConfiguration: configuration }, () => {});
  }

  /** A view with this configuration is installed, though not here. */
  noteConfiguration(configuration: Configuration): void {
    this.#save({ ...this.#record, installedConfiguration: configuration }, () => {});
  }

  /** A view with this placement is installed, though not here. @param done as for `promise` */
  noteTold(placement: Placement | null, done: () => void): void {
    this.#save({ ...this.#record, placement, installed: placement }, done);
  }

  /** To be called every few milliseconds. A record that the disk has refused is written again. */
  onTick(): void {
    if (this.#savingSinceMs === null || this.#clock.nowMs() - this.#savingSinceMs < SAVE_AGAIN_MS) return;
    this.#save(this.#record, () => {});
  }

  #save(record: ViewRecord, done: () => void): void {
    this.#record = record;
    this.#savingSinceMs = this.#clock.nowMs();
    this.#viewLog.save(record, () => {
      if (this.#record === record) this.#savingSinceMs = null;
      if (sameBallot(this.#record.promised, record.promised)) done();
    });
  }
}

/** A record that is not on disk after so many milliseconds may have been refused, and is written again. */
const SAVE_AGAIN_MS = 1_000;
