// Which key comes next: uniform, or by Zipf's law, where the key of rank r is drawn in proportion to 1 / r^s.
#include "load.h"
#include <math.h>
#include <stdlib.h>

static uint64_t state, keyCount;
static double *cumulative;

// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled")
uint64_t randomBits(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717ull;
}

static double randomFraction(void) { return (double)(randomBits() >> 11) / (double)(1ull << 53); }

void prepareKeys(uint64_t keys, double zipf, uint64_t seed) {
  state = seed * 0x9e3779b97f4a7c15ull | 1;
  keyCount = keys;
  if (zipf <= 0) return;
  cumulative = malloc(keys * sizeof *cumulative);
  if (cumulative == NULL) fail("out of memory");
  double sum = 0;
  for (uint64_t rank = 0; rank < keys; rank++) cumulative[rank] = sum += pow((double)(rank + 1), -zipf);
}

uint64_t drawKey(void) {
  if (cumulative == NULL) return (randomBits() >> 11) % keyCount;
  double wanted = randomFraction() * cumulative[keyCount - 1];
  uint64_t low = 0, high = keyCount - 1;
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (cumulative[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
