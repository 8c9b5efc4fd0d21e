// Tells ThreadSanitizer what two parts of the Swift runtime, which is not instrumented, order between threads: without,
// what a mutex guards and what a continuation brings are taken for races. Preloaded by deploy/local/test.
//
// Source: stdlib/public/Synchronization/Mutex/LinuxImpl.swift, whose functions have the mutex as `self`;
// stdlib/public/Concurrency/Task.cpp, which tells of a task that waits for its continuation, and not of one that finds
// it resumed already.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define AWAIT "swift_continuation_await"
#define SWIFT __attribute__((swiftcall))
#define ASYNC __attribute__((swiftasynccall))
#define SELF __attribute__((swift_context))

// None in the programs that a test starts and nobody has instrumented.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);
SWIFT __attribute__((weak)) void *swift_task_getCurrent(void);

typedef SWIFT void (*Lock)(uint32_t thread, SELF void *mutex);
typedef SWIFT void (*Unlock)(SELF void *mutex);
typedef ASYNC void (*Await)(void *context);

SWIFT void lock(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void unlock(SELF void *mutex) __asm__(UNLOCK);
ASYNC void await(void *context) __asm__(AWAIT);

// Where two threads want it at once.
SWIFT void lock(uint32_t thread, SELF void *mutex) {
  ((Lock)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock(SELF void *mutex) {
  if (__tsan_release) __tsan_release(mutex);
  ((Unlock)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}

ASYNC void await(void *context) {
  static Await runtime;
  if (!runtime) runtime = (Await)dlsym(RTLD_NEXT, AWAIT);
  if (__tsan_acquire) __tsan_acquire(swift_task_getCurrent());
  __attribute__((musttail)) return runtime(context);
}
