import type { Address } from '../../../controller/settings.ts';

/** Where the values of a cluster are, and what started the stores. */
export type StorePlan =
  | {
      /** What starts the stores that were not found. */
      readonly kind: 'configured' | 'docker' | 'memcached' | 'found';
      readonly stores: readonly Address[];
      /** The ids of memcacheds that ran before the start: they are used and never stopped. */
      readonly found: readonly number[];
      readonly words: string;
    }
  | { readonly kind: 'embedded'; readonly words: string };
