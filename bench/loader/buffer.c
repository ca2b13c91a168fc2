// A growing buffer of bytes that leave at its start and come in at its end.
#include "load.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(buffer *to, size_t more) {
  if (to->start > 0 && to->length == 0) to->start = 0;
  if (to->start + to->length + more <= to->capacity) return;
  if (to->start > 0) {
    memmove(to->bytes, to->bytes + to->start, to->length);
    to->start = 0;
  }
  if (to->length + more <= to->capacity) return;
  to->capacity = 2 * (to->length + more);
  to->bytes = realloc(to->bytes, to->capacity);
  if (to->bytes == NULL) fail("out of memory");
}

void append(buffer *to, const void *bytes, size_t length) {
  reserve(to, length);
  memcpy(to->bytes + to->start + to->length, bytes, length);
  to->length += length;
}

void appendText(buffer *to, const char *format, ...) {
  char text[512];
  va_list words;
  va_start(words, format);
  int length = vsnprintf(text, sizeof text, format, words);
  va_end(words);
  append(to, text, (size_t)length);
}
