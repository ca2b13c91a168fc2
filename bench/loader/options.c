// The command line: words of the form name=value.
#include "load.h"
#include <stdlib.h>
#include <string.h>

static int portsOf(char *list, int *ports) {
  int count = 0;
  for (char *word = strtok(list, ","); word != NULL && count < PORTS_MAX; word = strtok(NULL, ",")) {
    ports[count++] = atoi(word);
  }
  return count;
}

static void set(options *to, const char *name, char *value) {
  if (!strcmp(name, "dialect")) to->dialect = value;
  else if (!strcmp(name, "host")) to->host = value;
  else if (!strcmp(name, "ports")) to->portCount = portsOf(value, to->ports);
  else if (!strcmp(name, "connections")) to->connections = atoi(value);
  else if (!strcmp(name, "depth")) to->depth = atoi(value);
  else if (!strcmp(name, "gets")) to->getPercent = atoi(value);
  else if (!strcmp(name, "value")) to->valueBytes = atoi(value);
  else if (!strcmp(name, "keys")) to->keys = strtoull(value, NULL, 10);
  else if (!strcmp(name, "seed")) to->seed = strtoull(value, NULL, 10);
  else if (!strcmp(name, "seconds")) to->seconds = atof(value);
  else if (!strcmp(name, "warmup")) to->warmup = atof(value);
  else if (!strcmp(name, "rate")) to->rate = atof(value);
  else if (!strcmp(name, "zipf")) to->zipf = atof(value);
  else if (!strcmp(name, "fill")) to->fill = atoi(value) != 0;
  else if (!strcmp(name, "incr")) to->incr = atoi(value) != 0;
  else fail("there is no option %s", name);
}

options parseOptions(int count, char **words) {
  options all = {.dialect = "memcached", .host = "127.0.0.1", .connections = 50, .depth = 1, .valueBytes = 100,
                 .keys = 10000, .seed = 1, .seconds = 1};
  for (int i = 1; i < count; i++) {
    char *value = strchr(words[i], '=');
    if (value == NULL) fail("%s is not of the form name=value", words[i]);
    *value = 0;
    set(&all, words[i], value + 1);
  }
  if (all.portCount == 0) fail("ports is missing");
  if (all.connections < 1 || all.depth < 1 || all.depth > DEPTH_MAX || all.keys < 1 || all.valueBytes < 1) {
    fail("connections, keys and value must be at least 1, depth between 1 and %d", DEPTH_MAX);
  }
  if (all.fill && (all.getPercent > 0 || all.rate > 0)) fail("fill writes every key once; it goes with no gets and no rate");
  return all;
}
