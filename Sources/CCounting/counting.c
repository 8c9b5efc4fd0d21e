// In a program that defines them, these take the place of the C library's own for all its libraries, Swift's included.
#define _GNU_SOURCE
#include "CCounting.h"
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static int counting;
static uint64_t allocations, sends;

// One thread is measured; what others do meanwhile would be a mistake of the case.
static void note(uint64_t *counter) {
  if (counting) ++*counter;
}

void *malloc(size_t size) {
  note(&allocations);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(&allocations);
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  note(&allocations);
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  note(&allocations);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
  note(&sends);
  return syscall(SYS_sendto, descriptor, bytes, count, flags, NULL, 0);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  note(&sends);
  return syscall(SYS_sendmsg, descriptor, message, flags);
}

__attribute__((noinline)) void ccounting_measure(void (*body)(void *), void *context) {
  allocations = sends = 0;
  counting = 1;
  body(context);
  counting = 0;
}

uint64_t ccounting_allocations(void) { return allocations; }
uint64_t ccounting_sends(void) { return sends; }
