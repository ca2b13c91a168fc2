// load name=value …, see options.c. Prints one line of JSON.
//
// Closed loop (no rate): every connection keeps `depth` requests in flight. Fixed rate: request i is due at
// i / rate, on connection i mod n, and its latency counts from then, whether or not it could be sent: a server that
// stalls is charged for all that had to wait (no coordinated omission).
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// Without an answer for so long the run has failed, in milliseconds.
enum { STALL_MS = 5000, READ_BYTES = 1 << 18 };

typedef struct {
  uint64_t dueNs;
  kind what;
} pending;

typedef struct {
  int fd;
  bool writeArmed;
  buffer in, out;
  progress at;
  verdict held; // of a reply whose last bytes are still to be skipped
  pending flight[DEPTH_MAX];
  int head, inFlight;
  uint64_t nextDue, waiting; // with a rate: the number of its next request, and how many are due unsent
} connection;

static options option;
static const dialect *speak;
static connection *all;
static int poller, timer;
static uint64_t startNs, windowNs, endNs, due, filled;
static uint64_t total, inWindow, gets, misses, errors, valueBytes, unfinished;
static char firstError[120];

void fail(const char *format, ...) {
  va_list words;
  va_start(words, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, words);
  fputc('\n', stderr);
  va_end(words);
  exit(1);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static kind drawKind(void) {
  if ((int)(randomBits() % 100) < option.getPercent) return KIND_GET;
  return option.incr ? KIND_INCR : KIND_SET;
}

static void request(connection *on, uint64_t dueNs) {
  char key[KEY_BYTES];
  uint64_t number = option.fill ? filled++ : drawKey();
  snprintf(key, sizeof key, "key-%09llu", (unsigned long long)(number % 1000000000));
  kind what = drawKind();
  on->flight[(on->head + on->inFlight++) % DEPTH_MAX] = (pending){dueNs, what};
  speak->request(&on->out, what, key);
}

static void watch(connection *one, int operation, bool writable) {
  struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.ptr = one};
  if (epoll_ctl(poller, operation, one->fd, &event) != 0) fail("epoll_ctl: %s", strerror(errno));
  one->writeArmed = writable;
}

static void flush(connection *one) {
  while (one->out.length > 0) {
    ssize_t sent = send(one->fd, one->out.bytes + one->out.start, one->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) fail("send: %s", strerror(errno));
    one->out.start += (size_t)sent;
    one->out.length -= (size_t)sent;
  }
  if ((one->out.length > 0) != one->writeArmed) watch(one, EPOLL_CTL_MOD, one->out.length > 0);
}

static uint64_t dueAt(uint64_t number) { return startNs + (uint64_t)((double)number * 1e9 / option.rate); }

// Puts in flight what is due and fits.
static void advance(connection *one, uint64_t timeNs) {
  if (option.rate > 0) {
    for (; one->waiting > 0 && one->inFlight < option.depth; one->waiting--) {
      request(one, dueAt(one->nextDue));
      one->nextDue += (uint64_t)option.connections;
    }
  } else {
    while (one->inFlight < option.depth && (option.fill ? filled < option.keys : timeNs < endNs)) request(one, timeNs);
  }
  flush(one);
}

static void note(const char *line, size_t length) {
  if (errors++ > 0) return;
  for (size_t i = 0; i < length && i < sizeof firstError - 1; i++) {
    firstError[i] = line[i] < ' ' || line[i] > '~' || line[i] == '"' || line[i] == '\\' ? '?' : line[i];
  }
}

static void complete(connection *one, verdict how, uint64_t timeNs) {
  pending done = one->flight[one->head];
  one->head = (one->head + 1) % DEPTH_MAX;
  one->inFlight--;
  one->at = (progress){0};
  total++;
  if (done.what == KIND_GET) gets++;
  if (how == MISS) misses++;
  if (option.fill || (timeNs >= windowNs && timeNs < endNs)) {
    inWindow++;
    if (how == DONE && done.what != KIND_INCR) valueBytes += (uint64_t)option.valueBytes;
  }
  if (option.fill || (done.dueNs >= windowNs && done.dueNs < endNs)) record(timeNs - done.dueNs);
}

static void skip(connection *one) {
  size_t length = one->at.skip < one->in.length ? one->at.skip : one->in.length;
  one->in.start += length;
  one->in.length -= length;
  one->at.skip -= length;
}

static void parse(connection *one, uint64_t timeNs) {
  for (;;) {
    skip(one);
    if (one->at.skip > 0) return;
    if (one->held != MORE) {
      verdict how = one->held;
      one->held = MORE;
      complete(one, how, timeNs);
      continue;
    }
    char *line = one->in.bytes + one->in.start;
    char *end = one->in.length == 0 ? NULL : memmem(line, one->in.length, "\r\n", 2);
    if (end == NULL) return;
    if (one->inFlight == 0) fail("an answer that nothing asked for: %.40s", line);
    size_t length = (size_t)(end - line);
    one->held = speak->line(&one->at, one->flight[one->head].what, line, length);
    if (one->held == FAILED) note(line, length);
    one->in.start += length + 2;
    one->in.length -= length + 2;
  }
}

static void receive(connection *one) {
  static char bytes[READ_BYTES];
  ssize_t got = recv(one->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) fail("the server closed a connection after %llu requests", (unsigned long long)total);
  const char *from = bytes;
  if (one->in.length == 0 && one->at.skip > 0) {
    size_t passed = one->at.skip < (size_t)got ? one->at.skip : (size_t)got;
    one->at.skip -= passed;
    from += passed;
    got -= (ssize_t)passed;
  }
  append(&one->in, from, (size_t)got);
  uint64_t timeNs = now();
  parse(one, timeNs);
  advance(one, timeNs);
}

static void armTimer(uint64_t atNs) {
  struct itimerspec when = {.it_value = {.tv_sec = (time_t)(atNs / 1000000000), .tv_nsec = (long)(atNs % 1000000000)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

// With a rate: hands out what has become due, and sleeps until the next is.
static void onTimer(void) {
  uint64_t timeNs = now(), ticks;
  if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) fail("timer: %s", strerror(errno));
  uint64_t first = due;
  while (dueAt(due) <= timeNs && dueAt(due) < endNs) all[due++ % (uint64_t)option.connections].waiting++;
  uint64_t touched = due - first < (uint64_t)option.connections ? due - first : (uint64_t)option.connections;
  for (uint64_t i = 0; i < touched; i++) advance(&all[(first + i) % (uint64_t)option.connections], timeNs);
  if (dueAt(due) < endNs) armTimer(dueAt(due));
}

static void open1(connection *one, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, option.host, &to.sin_addr) != 1) fail("%s is no IPv4 address", option.host);
  one->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(one->fd, (struct sockaddr *)&to, sizeof to) != 0) fail("port %d: %s", port, strerror(errno));
  int yes = 1;
  setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  one->held = MORE;
  watch(one, EPOLL_CTL_ADD, false);
}

static void openAll(void) {
  poller = epoll_create1(0);
  all = calloc((size_t)option.connections, sizeof *all);
  if (all == NULL) fail("out of memory");
  for (int i = 0; i < option.connections; i++) {
    open1(&all[i], option.ports[i % option.portCount]);
    all[i].nextDue = (uint64_t)i;
  }
  if (option.rate <= 0) return;
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
}

static uint64_t underWay(void) {
  uint64_t count = 0;
  for (int i = 0; i < option.connections; i++) count += (uint64_t)all[i].inFlight + all[i].waiting;
  return count;
}

static bool goesOn(uint64_t left) {
  if (option.fill) return left > 0;
  uint64_t timeNs = now();
  if (timeNs < endNs) return true;
  unfinished = left;
  return left > 0 && timeNs < endNs + STALL_MS * 1000000ull;
}

static void run(void) {
  startNs = now();
  windowNs = startNs + (uint64_t)(option.warmup * 1e9);
  endNs = windowNs + (uint64_t)(option.seconds * 1e9);
  if (option.rate > 0) onTimer();
  else for (int i = 0; i < option.connections; i++) advance(&all[i], startNs);
  while (goesOn(underWay())) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, option.rate > 0 ? 100 : STALL_MS);
    if (count == 0 && option.rate <= 0) fail("no answer for %d ms, %llu requests in flight", STALL_MS, (unsigned long long)underWay());
    for (int i = 0; i < count; i++) {
      connection *one = events[i].data.ptr;
      if (one == NULL) onTimer();
      else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(one);
      else flush(one);
    }
  }
}

int main(int count, char **words) {
  option = parseOptions(count, words);
  speak = findDialect(option.dialect);
  if (option.getPercent > 0 && !speak->allows(KIND_GET)) fail("%s has no gets here", speak->name);
  if (option.incr && !speak->allows(KIND_INCR)) fail("%s has no incr here", speak->name);
  prepareDialects(option.valueBytes);
  prepareKeys(option.keys, option.zipf, option.seed);
  openAll();
  run();
  double seconds = option.fill ? (double)(now() - startNs) / 1e9 : option.seconds;
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("{\"seconds\":%.6f,\"operations\":%llu,\"total\":%llu,\"gets\":%llu,\"misses\":%llu,\"errors\":%llu,", seconds,
         (unsigned long long)inWindow, (unsigned long long)total, (unsigned long long)gets, (unsigned long long)misses,
         (unsigned long long)errors);
  printf("\"firstError\":\"%s\",\"unfinished\":%llu,\"valueBytes\":%llu,\"cpuSeconds\":%.6f,", firstError,
         (unsigned long long)unfinished, (unsigned long long)valueBytes, cpu);
  printf("\"meanUs\":%.1f,\"p50Us\":%.1f,\"p90Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f}\n", meanUs(), percentileUs(50),
         percentileUs(90), percentileUs(99), percentileUs(99.9), maxUs());
  return 0;
}
