import type { Address } from '../../../controller/settings.ts';

/** Where the values of a cluster are, and who started that. */
export type StorePlan =
  | {
      /** Who starts those that are not found. */
      readonly kind: 'configured' | 'docker' | 'memcached' | 'found';
      readonly stores: readonly Address[];
      /** Ids of the memcacheds that were there before: they are used, and never stopped. */
      readonly found: readonly number[];
      readonly words: string;
    }
  | { readonly kind: 'embedded'; readonly words: string };
