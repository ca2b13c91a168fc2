import type { DurationHistogram } from '../../../base/duration-histogram.ts';
import type { ControllerParts } from '../../controller-parts.ts';

/** What a scrape reads: the parts of the controller, and what its store has said. */
export interface Scrape {
  readonly parts: ControllerParts;
  /** As `stats` shows them: the figures of this controller, and those that only the store knows. */
  readonly general: FiguresByName;
  readonly settings: FiguresByName;
  /** Of the local memcached, those that concern no slab class. */
  readonly slabs: FiguresByName;
  /** By slab class: what `stats slabs` and `stats items` of the local memcached say of it. */
  readonly bySlab: ReadonlyMap<string, FiguresByName>;
}

export type FiguresByName = ReadonlyMap<string, string>;

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  /** Not a number where it is not known: the sample is then left out. */
  readonly value: number;
}

export interface DurationSample {
  readonly labels: Labels;
  readonly durations: DurationHistogram;
}

interface Described {
  /** As Prometheus shows it: a counter ends in `_total`, and an information in `_info`. */
  readonly name: string;
  /** One sentence for operators. */
  readonly help: string;
}

/** A metric as Prometheus sees it: a name with samples, which differ in their labels. */
export type Family =
  | (Described & {
      readonly type: 'counter' | 'gauge' | 'info';
      readonly read: (scrape: Scrape) => readonly Sample[];
    })
  | (Described & {
      readonly type: 'histogram';
      readonly read: (scrape: Scrape) => readonly DurationSample[];
    });

/** The samples of a family that has one at most. */
export function single(value: number): readonly Sample[] {
  return [{ labels: NO_LABELS, value }];
}

export const NO_LABELS: Labels = Object.freeze({});
