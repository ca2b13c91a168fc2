import type { VersionTime } from '../base/number-kinds.ts';
import { bytesOf, type Effect, isOfKey, type SetEffect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import type { Watermarks } from './journal.ts';
import { DamageError } from './journal-error.ts';
import type { LogEntry, LogPosition, RevertTarget } from './log-entry.ts';
import { MemoryJournal } from './memory-journal.ts';
import { recordOfEffect } from './record-effect.ts';
import { StagedRequests } from './staged-requests.ts';

/** What a log amounts to: the index of the newest writes, the staged requests, and the watermarks. */
export class LogState {
  readonly index = new MemoryJournal();
  readonly staged = new StagedRequests();
  watermarks: Watermarks = { applied: NO_VERSION, known: [] };
  /** See `Journal.recordIncomplete`. */
  incomplete: readonly Stretch[] = [];
  /** The largest version time that was ever in the log. A clock has to continue from there. */
  newestTime = 0;

  /**
   * Does again what an entry tells of.
   *
   * @param position the position of the entry
   * @throws DamageError when the entry can't follow those before it
   */
  replay(entry: LogEntry, position: LogPosition): void {
    switch (entry.type) {
      case 'write':
        this.noteTime(entry.effect.version.time);
        this.record(entry.effect, position);
        return;
      case 'value':
        this.fill(entry.effect, position);
        return;
      case 'stage':
        this.noteTime(entry.effect.version.time);
        this.staged.add(withOwnValue(entry.effect), position);
        return;
      case 'apply': {
        const request = this.staged.take(entry.version);
        if (request === undefined) throw new DamageError('a request was applied that was never received');
        this.record(request.effect, request);
        return;
      }
      case 'discard':
        this.staged.take(entry.version);
        return;
      case 'revert':
        this.#revert(entry.failed, entry.key, entry.to, position);
        return;
      case 'forget': {
        this.index.forget(entry);
        return;
      }
      case 'watermarks':
        this.watermarks = { applied: entry.applied, known: entry.known };
        this.noteTime(entry.newestTime);
        return;
      case 'attached': {
        const { key, version, needs } = entry;
        this.noteTime(version.time);
        this.index.attach({ key, version, needs });
        return;
      }
      case 'incomplete':
        this.incomplete = entry.needs;
        return;
      case 'forgotten':
        this.index.noteForgotten(entry.times);
        return;
      case 'end':
        return;
    }
  }

  /** @returns false when the write is not the newest of its key */
  record(effect: Effect, position: LogPosition): boolean {
    if (!this.index.record(effect)) return false;
    this.locate(effect, position);
    return true;
  }

  /** The write, which is the newest of its key, is at this position of the log. */
  locate(effect: Effect, { file, at }: LogPosition): void {
    if (effect.kind === 'join') this.index.locatePart(effect.key, { file, at });
    else if (isOfKey(effect)) this.index.locate(effect.key, { file, at });
  }

  /** The value of a write was added, at this position. Does nothing unless the write is still the newest of its key. */
  fill(effect: SetEffect, position: LogPosition): void {
    const { key, version } = effect;
    if (!this.index.lacksValue(key, version)) return;
    this.index.addValue(effect);
    this.index.locate(key, position);
  }

  noteTime(time: VersionTime): void {
    if (time > this.newestTime) this.newestTime = time;
  }

  #revert(failed: Version, key: string, to: RevertTarget | null, position: LogPosition): void {
    const previous = to === null ? undefined : { ...recordOfEffect(to.effect), file: to.file, at: to.at };
    this.index.revert(failed, key, previous);
    if (to !== null && to.file === 0) this.index.locate(key, position);
  }
}

/** A staged request stays in memory; the chunk of the file that its value is a part of must not stay with it. */
function withOwnValue(effect: Effect): Effect {
  const bytes = bytesOf(effect);
  if (bytes === null) return effect;
  const own = Buffer.from(bytes);
  return effect.kind === 'join' ? { ...effect, part: own } : { ...(effect as SetEffect), value: own };
}
