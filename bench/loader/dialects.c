// What is sent, and how the lines of an answer are read: memcached text, Redis with WAIT 2, etcd's JSON gateway, HTTP.
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *value, *value64;
static int valueLength;

static void encode64(const char *from, size_t length, char *to) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < length; i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; j++) bits = bits << 8 | (i + j < length ? (uint8_t)from[i + j] : 0);
    for (size_t j = 0; j < 4; j++) *to++ = i + j <= length ? letters[bits >> (18 - 6 * j) & 63] : '=';
  }
  *to = 0;
}

void prepareDialects(int valueBytes) {
  valueLength = valueBytes;
  value = malloc((size_t)valueBytes);
  value64 = malloc((size_t)valueBytes * 2 + 8);
  if (value == NULL || value64 == NULL) fail("out of memory");
  memset(value, 'x', (size_t)valueBytes);
  encode64(value, (size_t)valueBytes, value64);
}

static bool startsWith(const char *line, size_t length, const char *with) {
  return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

// memcached, text protocol

static bool allowsAll(kind what) {
  (void)what;
  return true;
}

static void memcachedRequest(buffer *out, kind what, const char *key) {
  if (what == KIND_GET) return appendText(out, "get %s\r\n", key);
  if (what == KIND_INCR) return appendText(out, "incr %s 1\r\n", key);
  appendText(out, "set %s 0 0 %d\r\n", key, valueLength);
  append(out, value, (size_t)valueLength);
  append(out, "\r\n", 2);
}

static verdict memcachedLine(progress *at, kind what, const char *line, size_t length) {
  if (what == KIND_SET) return startsWith(line, length, "STORED") ? DONE : FAILED;
  if (what == KIND_INCR && startsWith(line, length, "NOT_FOUND")) return MISS;
  if (what == KIND_INCR) return length > 0 && line[0] >= '0' && line[0] <= '9' ? DONE : FAILED;
  if (startsWith(line, length, "END")) return at->stage == 1 ? DONE : MISS;
  if (!startsWith(line, length, "VALUE ")) return FAILED;
  const char *number = memrchr(line, ' ', length);
  at->skip = strtoul(number + 1, NULL, 10) + 2;
  at->stage = 1;
  return MORE;
}

// Redis: a write is SET and WAIT 2 in one piece, and done when two replicas have it

static bool allowsGetSet(kind what) { return what != KIND_INCR; }

static void redisRequest(buffer *out, kind what, const char *key) {
  int keyLength = (int)strlen(key);
  if (what == KIND_GET) return appendText(out, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", keyLength, key);
  appendText(out, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n", keyLength, key, valueLength);
  append(out, value, (size_t)valueLength);
  appendText(out, "\r\n*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$4\r\n1000\r\n");
}

static verdict redisLine(progress *at, kind what, const char *line, size_t length) {
  if (what == KIND_GET) {
    if (startsWith(line, length, "$-1")) return MISS;
    if (!startsWith(line, length, "$")) return FAILED;
    at->skip = strtoul(line + 1, NULL, 10) + 2;
    return DONE;
  }
  if (at->stage == 0) {
    at->stage = startsWith(line, length, "+OK") ? 1 : 2;
    return MORE;
  }
  return at->stage == 1 && startsWith(line, length, ":2") ? DONE : FAILED;
}

// etcd 3: POST to the gateway that its client port serves, kept alive

static bool allowsSet(kind what) { return what == KIND_SET; }

static void etcdRequest(buffer *out, kind what, const char *key) {
  (void)what;
  char key64[2 * KEY_BYTES + 8];
  encode64(key, strlen(key), key64);
  size_t body = strlen("{\"key\":\"\",\"value\":\"\"}") + strlen(key64) + strlen(value64);
  appendText(out, "POST /v3/kv/put HTTP/1.1\r\nHost: etcd\r\nContent-Length: %zu\r\n\r\n", body);
  appendText(out, "{\"key\":\"%s\",\"value\":\"", key64);
  append(out, value64, strlen(value64));
  append(out, "\"}", 2);
}

static verdict etcdLine(progress *at, kind what, const char *line, size_t length) {
  static const char bodyLength[] = "Content-Length:";
  (void)what;
  if (at->stage == 0) at->stage = startsWith(line, length, "HTTP/1.1 200") ? 1 : 2;
  else if (length >= sizeof bodyLength - 1 && strncasecmp(line, bodyLength, sizeof bodyLength - 1) == 0) {
    at->body = strtoul(line + sizeof bodyLength - 1, NULL, 10);
  }
  if (length > 0) return MORE;
  at->skip = at->body;
  return at->stage == 1 ? DONE : FAILED;
}

// memchorus over HTTP, kept alive

static void httpRequest(buffer *out, kind what, const char *key) {
  if (what == KIND_GET) return appendText(out, "GET /v1/keys/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", key);
  if (what == KIND_INCR) {
    return appendText(out, "POST /v1/keys/%s/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", key);
  }
  appendText(out, "PUT /v1/keys/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", key, valueLength);
  append(out, value, (size_t)valueLength);
}

static verdict httpLine(progress *at, kind what, const char *line, size_t length) {
  static const char bodyLength[] = "Content-Length:";
  (void)what;
  if (at->stage == 0) {
    bool isDone = startsWith(line, length, "HTTP/1.1 200") || startsWith(line, length, "HTTP/1.1 204");
    at->stage = isDone ? 1 : startsWith(line, length, "HTTP/1.1 404") ? 2 : 3;
  } else if (length >= sizeof bodyLength - 1 && strncasecmp(line, bodyLength, sizeof bodyLength - 1) == 0) {
    at->body = strtoul(line + sizeof bodyLength - 1, NULL, 10);
  }
  if (length > 0) return MORE;
  at->skip = at->body;
  return at->stage == 1 ? DONE : at->stage == 2 ? MISS : FAILED;
}

static const dialect dialects[] = {
    {"memcached", allowsAll, memcachedRequest, memcachedLine},
    {"redis", allowsGetSet, redisRequest, redisLine},
    {"etcd", allowsSet, etcdRequest, etcdLine},
    {"http", allowsAll, httpRequest, httpLine},
};

const dialect *findDialect(const char *name) {
  for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
    if (!strcmp(dialects[i].name, name)) return &dialects[i];
  }
  fail("there is no dialect %s", name);
}
