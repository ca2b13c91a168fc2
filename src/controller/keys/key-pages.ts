import type { EntryPage } from '../../http/http-ports.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { casOfVersion } from '../../ordering/version.ts';
import type { ControllerParts } from '../controller-parts.ts';

/** Places that are looked at for one page. It bounds the cost of a page, however few keys have the prefix. */
const PLACES_PER_PAGE = 8_192;

/** Numbers that name a run of a controller are below this. */
const RUNS = 2 ** 32;

/**
 * The keys of this controller, page by page. A record has its place in the journal for as long as its key has one, so a
 * key that has an entry during the whole listing is listed once. A cursor is a place, and good for this run.
 */
export class KeyPages {
  readonly #parts: Pick<ControllerParts, 'core' | 'clock'>;
  readonly #run = Math.floor(Math.random() * RUNS).toString(36);

  constructor(parts: Pick<ControllerParts, 'core' | 'clock'>) {
    this.#parts = parts;
  }

  /** @param cursor empty for the first page @returns null when the cursor is none of this run */
  page(prefix: string, cursor: string, limit: number): EntryPage | null {
    const from = this.#placeOf(cursor);
    if (from === null) return null;
    const { core, clock } = this.#parts;
    const nowMs = core.time.cluster.agreedMs ?? clock.wallMs();
    const groups = [...core.router.groups];
    const entries: EntryPage['entries'][number][] = [];
    let { group, place } = from;
    for (let looks = PLACES_PER_PAGE; looks > 0 && entries.length < limit && group < groups.length; ) {
      const { journal } = groups[group]!.replica;
      const places = Math.min(looks, limit - entries.length);
      looks -= places;
      const records = journal.walk(place, places);
      let step = records.next();
      for (; step.done !== true; step = records.next()) {
        const { key } = step.value;
        const isHere = core.router.partOf(key).group === groups[group];
        if (isHere && key.startsWith(prefix) && journal.isLive(step.value, nowMs))
          entries.push(listed(step.value));
      }
      if (step.value === null) group++;
      place = step.value ?? 0;
    }
    return { entries, cursor: group < groups.length ? `${this.#run}.${group}.${place}` : null };
  }

  #placeOf(cursor: string): { readonly group: number; readonly place: number } | null {
    if (cursor === '') return { group: 0, place: 0 };
    const [, run, group, place] = /^([0-9a-z]+)\.(\d{1,3})\.(\d{1,12})$/.exec(cursor) ?? [];
    return run === this.#run ? { group: Number(group), place: Number(place) } : null;
  }
}

function listed({
  key,
  version,
  token,
  expiresAtMs,
  valueBytes,
}: JournalRecord): EntryPage['entries'][number] {
  return {
    key,
    token: token ?? casOfVersion(version),
    expiresAtMs: expiresAtMs === 0 ? null : expiresAtMs,
    valueBytes: valueBytes ?? null,
  };
}
