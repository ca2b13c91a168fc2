/** How lists, ids and counts are written: `joined` is the earlier flavour, `array` the later one. */
export type ListFormat = 'joined' | 'array';

/** What a flavour makes of lists and numbers. */
export interface Format {
  readonly list: (items: readonly string[]) => string | readonly string[];
  readonly ids: (ids: readonly number[]) => string | readonly number[];
  readonly number: (value: number) => string | number;
}

export const FORMATS: Readonly<Record<ListFormat, Format>> = {
  joined: {
    list: (items) => items.toSorted().join(),
    ids: (ids) => ids.join(),
    number: String,
  },
  array: {
    list: (items) => items,
    ids: (ids) => ids,
    number: (value) => value,
  },
};
