// Closed-loop and fixed-rate load over loopback, from one thread: what the parts of the loader share.
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Requests of one connection that can be in flight; the option `depth` goes up to here.
enum { DEPTH_MAX = 256, PORTS_MAX = 64, KEY_BYTES = 16 };

typedef enum { KIND_GET, KIND_SET, KIND_INCR } kind;

// What a line of a reply means for the request that it answers.
typedef enum { MORE, DONE, MISS, FAILED } verdict;

typedef struct {
  const char *dialect, *host;
  int ports[PORTS_MAX], portCount;
  int connections, depth, getPercent, valueBytes;
  uint64_t keys, seed;
  double seconds, warmup, rate, zipf;
  bool fill, incr;
} options;

typedef struct {
  char *bytes;
  size_t start, length, capacity;
} buffer;

// How far the reply at hand has been read. `skip` bytes of a body are passed over unread.
typedef struct {
  size_t skip, body;
  int stage;
} progress;

typedef struct {
  const char *name;
  bool (*allows)(kind what);
  void (*request)(buffer *out, kind what, const char *key);
  verdict (*line)(progress *at, kind what, const char *line, size_t length);
} dialect;

// dialects.c
const dialect *findDialect(const char *name);
void prepareDialects(int valueBytes);

// buffer.c
void append(buffer *to, const void *bytes, size_t length);
void appendText(buffer *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

// sampling.c
uint64_t randomBits(void);
void prepareKeys(uint64_t keys, double zipf, uint64_t seed);
uint64_t drawKey(void);

// histogram.c: durations in nanoseconds, within 1 % of what was recorded
void record(uint64_t ns);
double percentileUs(double percent);
double meanUs(void);
double maxUs(void);

// options.c
options parseOptions(int count, char **words);

void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
