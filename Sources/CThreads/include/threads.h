#pragma once

/// Names the calling thread (15 bytes are kept) and pins it to the given CPUs.
///
/// The calls behind it are hidden from Swift by feature macros. `count` 0 pins nothing. CPU numbers
/// out of range are ignored. Returns 0, or the error number of the pinning.
int needletail_describe_thread(const char *_Nonnull name, const int *_Nullable cpus, int count);

/// Puts the calling thread into the idle scheduling class, with `nice` (0 to 19) as its value there:
/// it gives way the moment another thread wakes. It cannot be undone without privileges, and threads
/// it starts inherit it. No effect where the system has no such setting for one thread.
void needletail_lower_thread_priority(int nice);

/// Names the calling thread (15 bytes are kept) and marks it as one that works for the disk: when
/// it wakes it does not push a thread aside that serves, though its share of the processor stays.
/// Without effect on the scheduling where the system has no such class.
void needletail_describe_writer(const char *_Nonnull name);

/// Lets another thread that waits for this processor run, if there is one; else returns at once.
void needletail_give_way(void);

/// Runs `body(context)` on a new detached thread with an 8 MiB stack. Returns 0, or the error number,
/// and then `body` was not run.
int needletail_start_thread(void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

/// Gives memory that the allocator keeps free back to the system, where it can.
void needletail_trim_memory(void);
