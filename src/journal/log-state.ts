import type { VersionTime } from '../base/number-kinds.ts';
import { type Effect, isOfKey, type SetEffect } from '../ordering/effect.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import { HeldRequests } from './held-requests.ts';
import type { Marks } from './journal.ts';
import { DamageError } from './journal-error.ts';
import type { LogEntry, Place, Restored } from './log-entry.ts';
import { MemoryJournal } from './memory-journal.ts';
import { recordOfEffect } from './record-effect.ts';

/** What a log comes to: the index of newest writes, the requests that wait, and the marks. */
export class LogState {
  readonly index: MemoryJournal;
  readonly held = new HeldRequests();
  marks: Marks = { applied: NO_VERSION, known: [] };
  /** The largest version time that was ever in the log: a clock must go on from there. */
  newestTime = 0;

  constructor(nodes: number) {
    this.index = new MemoryJournal(nodes);
  }

  /**
   * Does again what the entry tells of.
   *
   * @param place where the entry is
   * @throws DamageError when it does not follow from those before it
   */
  replay(entry: LogEntry, place: Place): void {
    switch (entry.type) {
      case 'write':
        this.saw(entry.effect.version.time);
        this.record(entry.effect, place);
        return;
      case 'value':
        this.fill(entry.effect, place);
        return;
      case 'hold':
        this.saw(entry.effect.version.time);
        this.held.add(withOwnValue(entry.effect), place);
        return;
      case 'apply': {
        const request = this.held.take(entry.version);
        if (request === undefined) throw new DamageError('a request was applied that was never received');
        this.record(request.effect, request);
        return;
      }
      case 'release':
        this.held.take(entry.version);
        return;
      case 'revert':
        this.#revert(entry.failed, entry.key, entry.to, place);
        return;
      case 'forget': {
        this.index.forget(entry);
        return;
      }
      case 'marks':
        this.marks = { applied: entry.applied, known: entry.known };
        this.saw(entry.newestTime);
        return;
      case 'forgotten':
        this.index.noteForgotten(entry.times);
        return;
      case 'end':
        return;
    }
  }

  /** @returns false when the write is not the newest of its key */
  record(effect: Effect, place: Place): boolean {
    if (!this.index.record(effect)) return false;
    if (isOfKey(effect)) this.index.locate(effect.key, place);
    return true;
  }

  /** The value of a write is there, if that is still the newest of its key. */
  fill(effect: SetEffect, place: Place): void {
    const { key, version } = effect;
    if (!this.index.lacksValue(key, version)) return;
    this.index.fill(effect);
    this.index.locate(key, place);
  }

  saw(time: VersionTime): void {
    if (time > this.newestTime) this.newestTime = time;
  }

  #revert(failed: Version, key: string, to: Restored | null, place: Place): void {
    const previous = to === null ? undefined : { ...recordOfEffect(to.effect), file: to.file, at: to.at };
    this.index.revert(failed, key, previous);
    if (to !== null && to.file === 0) this.index.locate(key, place);
  }
}

/** A held request lives on, the chunk of the file that it was read from does not. */
function withOwnValue(effect: Effect): Effect {
  if (effect.kind !== 'set' || effect.value === null) return effect;
  return { ...effect, value: Buffer.from(effect.value) };
}
