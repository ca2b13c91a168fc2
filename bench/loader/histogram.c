// A high dynamic range histogram: 128 buckets for every doubling, so that a value is known within 1 %.
#include "load.h"

enum { PRECISION_BITS = 7, BUCKETS = (64 - PRECISION_BITS + 1) << PRECISION_BITS };

static uint64_t counts[BUCKETS], recorded, largest;
static double sum;

static int bucketOf(uint64_t ns) {
  if (ns < 1u << PRECISION_BITS) return (int)ns;
  int shift = 63 - __builtin_clzll(ns) - PRECISION_BITS;
  return ((shift + 1) << PRECISION_BITS) + (int)((ns >> shift) - (1u << PRECISION_BITS));
}

// The middle of a bucket.
static double valueOf(int bucket) {
  if (bucket < 1 << PRECISION_BITS) return bucket;
  int shift = (bucket >> PRECISION_BITS) - 1;
  uint64_t lowest = ((uint64_t)(bucket & ((1 << PRECISION_BITS) - 1)) + (1u << PRECISION_BITS)) << shift;
  return (double)lowest + (double)(1ull << shift) / 2;
}

void record(uint64_t ns) {
  counts[bucketOf(ns)]++;
  recorded++;
  sum += (double)ns;
  if (ns > largest) largest = ns;
}

double percentileUs(double percent) {
  double wanted = (double)recorded * percent / 100;
  uint64_t below = 0;
  for (int bucket = 0; bucket < BUCKETS; bucket++) {
    below += counts[bucket];
    if (counts[bucket] > 0 && (double)below >= wanted) return valueOf(bucket) / 1000;
  }
  return 0;
}

double meanUs(void) { return recorded == 0 ? 0 : sum / (double)recorded / 1000; }

double maxUs(void) { return (double)largest / 1000; }
