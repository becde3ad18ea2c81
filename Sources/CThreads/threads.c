#define _GNU_SOURCE
#include "threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int needletail_describe_thread(const char *name, const int *cpus, int count) {
  char kept[16] = {0};
  strncpy(kept, name, sizeof kept - 1);
  pthread_setname_np(pthread_self(), kept);
  if (count <= 0) return 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; i++) {
    if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE) CPU_SET(cpus[i], &set);
  }
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void needletail_lower_thread_priority(int nice) {
  // The idle class gives way the moment a serving thread wakes; a nice value alone keeps its slice.
  struct sched_param parameters = {0};
  sched_setscheduler(0, SCHED_IDLE, &parameters);
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice);
}

void needletail_describe_writer(const char *name) {
  needletail_describe_thread(name, NULL, 0);
  struct sched_param parameters = {0};
  sched_setscheduler(0, SCHED_BATCH, &parameters);
}

void needletail_give_way(void) { sched_yield(); }
#else
void needletail_give_way(void) {}

void needletail_describe_writer(const char *name) { (void)name; }

int needletail_describe_thread(const char *name, const int *cpus, int count) {
  (void)name, (void)cpus, (void)count;
  return 0;
}

void needletail_lower_thread_priority(int nice) { (void)nice; }
#endif

struct start {
  void (*body)(void *);
  void *context;
};

static void *run(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  start.body(start.context);
  return NULL;
}

int needletail_start_thread(void (*body)(void *), void *context) {
  struct start *start = malloc(sizeof *start);
  if (start == NULL) return 12;  // ENOMEM
  start->body = body;
  start->context = context;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, (size_t)8 << 20);
  pthread_t thread;
  int status = pthread_create(&thread, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  if (status != 0) free(start);
  return status;
}

void needletail_trim_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
