// Faults of disk and clock for a process under test: preloaded (LD_PRELOAD) and steered, while the
// process runs, through a file that both sides map (fault_injection.py has the other side).
//
// A kill may come in the middle of a write. A power cut also takes back what was written to files
// and never synced: each is cut at a random place between its last sync and its end.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum fault { NONE, KILL, POWER_CUT, SYNC_FAILS, NO_SPACE, SLOW_SYNC };

struct control {
  volatile int64_t clock_offset;  // nanoseconds added to the wall clock
  volatile int64_t fault;
  volatile int64_t countdown;  // calls that match and still go through
  volatile int64_t microseconds;  // of a slow sync
  volatile uint64_t random;
  volatile int64_t calls;  // calls that matched so far
  volatile int64_t struck;  // calls that the fault hit
  char filter[128];  // part of the path of the files that are hit
};

// What is known of a file: how much of it is on the disk.
struct file { dev_t device; ino_t inode; off_t synced; int descriptor; };

static struct control *control;
static struct file files[256];
static int file_count;
static volatile int is_over;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void) {
  real_clock = REAL(clock_gettime);
  const char *path = getenv("FAULT_CONTROL");
  int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (descriptor < 0) return;
  void *map =
      mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (map != MAP_FAILED) control = map;
  close(descriptor);
}

static uint64_t draw(uint64_t below) {
  uint64_t value = control->random | 1;
  value ^= value << 13, value ^= value >> 7, value ^= value << 17;
  control->random = value;
  return below ? value % below : 0;
}

// Nothing that this process does from now on reaches anybody.
static void wait_for_the_end(void) { while (is_over) pause(); }

static struct file *find(int descriptor, const struct stat *status) {
  for (int i = 0; i < file_count; i++)
    if (files[i].inode == status->st_ino && files[i].device == status->st_dev) {
      files[i].descriptor = descriptor;
      return &files[i];
    }
  if (file_count == 256) return NULL;
  files[file_count] = (struct file){status->st_dev, status->st_ino, status->st_size, descriptor};
  return &files[file_count++];
}

static int is_shared_memory(int descriptor) {
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, sizeof path - 1);
  return count < 4 || memcmp(path + count - 4, "-shm", 4) == 0;
}

static void end(int cuts) {
  is_over = 1;
  for (int i = 0; cuts && i < file_count; i++) {
    struct stat status;
    struct file *file = &files[i];
    if (fstat(file->descriptor, &status) != 0 || status.st_ino != file->inode) continue;
    if (status.st_size <= file->synced || is_shared_memory(file->descriptor)) continue;
    off_t kept = file->synced + (off_t)draw((uint64_t)(status.st_size - file->synced) + 1);
    if (ftruncate(file->descriptor, kept) != 0) abort();
  }
  kill(getpid(), SIGKILL);
  wait_for_the_end();
}

static int matches(int descriptor) {
  if (!control->filter[0]) return 1;
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count < 0) return 0;
  path[count] = 0;
  return strstr(path, control->filter) != NULL;
}

// Whether the fault strikes this write or sync of a file. Called with the lock.
static enum fault strikes(int descriptor, int is_sync) {
  enum fault fault = (enum fault)control->fault;
  if (fault == NONE || (is_sync ? fault == NO_SPACE : fault >= SYNC_FAILS && fault != NO_SPACE))
    return NONE;
  if (!matches(descriptor)) return NONE;
  control->calls++;
  if (control->countdown > 0) {
    control->countdown--;
    return NONE;
  }
  control->struck++;
  return fault;
}

typedef ssize_t (*writer)(int, const void *, size_t, off_t);

static ssize_t at_end(int descriptor, const void *bytes, size_t count, off_t offset) {
  (void)offset;
  return REAL(write)(descriptor, bytes, count);
}

static ssize_t at_place(int descriptor, const void *bytes, size_t count, off_t offset) {
  return REAL(pwrite)(descriptor, bytes, count, offset);
}

static ssize_t put(int descriptor, const void *bytes, size_t count, off_t offset, writer write) {
  struct stat status;
  if (!control) return write(descriptor, bytes, count, offset);
  wait_for_the_end();
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    return write(descriptor, bytes, count, offset);
  pthread_mutex_lock(&lock);
  find(descriptor, &status);
  enum fault fault = strikes(descriptor, 0);
  if (fault == KILL || fault == POWER_CUT) {
    size_t part = draw(count + 1);
    if (part) write(descriptor, bytes, part, offset);
    end(fault == POWER_CUT);
  }
  pthread_mutex_unlock(&lock);
  if (fault == NO_SPACE) {
    // A disk that becomes full takes a part first.
    if (count > 1 && control->struck == 1) return write(descriptor, bytes, count / 2, offset);
    errno = ENOSPC;
    return -1;
  }
  ssize_t written = write(descriptor, bytes, count, offset);
  wait_for_the_end();
  return written;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  return put(descriptor, bytes, count, 0, at_end);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  return put(descriptor, bytes, count, offset, at_place);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset) {
  return put(descriptor, bytes, count, offset, at_place);
}

// Answers to clients leave this way: none may once the end has begun.
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  wait_for_the_end();
  return REAL(writev)(descriptor, parts, count);
}

static int synchronize(int descriptor, int (*sync)(int)) {
  struct stat status;
  if (!control || fstat(descriptor, &status) != 0) return sync(descriptor);
  wait_for_the_end();
  pthread_mutex_lock(&lock);
  struct file *file = S_ISREG(status.st_mode) ? find(descriptor, &status) : NULL;
  enum fault fault = strikes(descriptor, 1);
  if (fault == KILL || fault == POWER_CUT) end(fault == POWER_CUT);
  pthread_mutex_unlock(&lock);
  if (fault == SYNC_FAILS) {
    errno = EIO;
    return -1;
  }
  if (fault == SLOW_SYNC) usleep((useconds_t)control->microseconds);
  int result = sync(descriptor);
  wait_for_the_end();
  if (result == 0 && file) {
    pthread_mutex_lock(&lock);
    if (file->inode == status.st_ino && file->synced < status.st_size)
      file->synced = status.st_size;
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int descriptor) { return synchronize(descriptor, REAL(fsync)); }
int fdatasync(int descriptor) { return synchronize(descriptor, REAL(fdatasync)); }

static int shorten(int descriptor, off_t size, int (*truncate)(int, off_t)) {
  struct stat status;
  int result = truncate(descriptor, size);
  if (control && result == 0 && fstat(descriptor, &status) == 0) {
    pthread_mutex_lock(&lock);
    struct file *file = find(descriptor, &status);
    if (file && file->synced > size) file->synced = size;
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int ftruncate(int descriptor, off_t size) {
  if (is_over) return REAL(ftruncate)(descriptor, size);
  return shorten(descriptor, size, REAL(ftruncate));
}
int ftruncate64(int descriptor, off_t size) {
  return shorten(descriptor, size, REAL(ftruncate));
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = real_clock ? real_clock(clock, time)
                          : (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && control && control->clock_offset && clock == CLOCK_REALTIME) {
    int64_t now = time->tv_sec * 1000000000LL + time->tv_nsec + control->clock_offset;
    time->tv_sec = now / 1000000000LL;
    time->tv_nsec = now % 1000000000LL;
  }
  return result;
}

// Waits until an instant of the wall clock: as the kernel does, by the clock as it is stepped.
static const struct timespec real_past = {1, 0};

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
  for (;;) {
    struct timespec real, seen;
    clock_gettime(CLOCK_REALTIME, &seen);
    int64_t left = (until->tv_sec - seen.tv_sec) * 1000000000LL + until->tv_nsec - seen.tv_nsec;
    if (left <= 0) return REAL(sem_timedwait)(semaphore, &real_past);
    int64_t slice = left < 500000 ? left : 500000;
    real_clock(CLOCK_REALTIME, &real);
    int64_t end = real.tv_sec * 1000000000LL + real.tv_nsec + slice;
    real.tv_sec = end / 1000000000LL, real.tv_nsec = end % 1000000000LL;
    int result = REAL(sem_timedwait)(semaphore, &real);
    if (result == 0 || errno != ETIMEDOUT) return result;
  }
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}
