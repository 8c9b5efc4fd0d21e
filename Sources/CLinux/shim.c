#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_set_user_timeout(int fd, unsigned int milliseconds) {
  return setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
}

int clinux_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void clinux_trim_memory(void) { malloc_trim(0); }

void clinux_keep_memory(size_t bytes) {
  // The threshold follows the largest block that was mapped and freed; written to, so that no compiler leaves it out.
  volatile char *block = malloc(bytes);
  if (block) *block = 1;
  free((void *)block);
}

void clinux_trim_end_of_heap(size_t kept) {
  // What is freed last, all of it beside the free end, makes that exceed what may be kept. Written to, as above.
  volatile char *blocks[3];
  for (int i = 0; i < 3; i++) {
    blocks[i] = malloc(kept);
    if (blocks[i]) *blocks[i] = 1;
  }
  for (int i = 0; i < 3; i++) free((void *)blocks[i]);
}

void clinux_set_thread_name(const char *name) {
  char kept[16];
  strncpy(kept, name, sizeof(kept) - 1);
  kept[sizeof(kept) - 1] = 0;
  pthread_setname_np(pthread_self(), kept);
}

const char *clinux_error_text(int code) { return strerrordesc_np(code); }

static volatile int caught_by[65];

static void on_signal(int number) {
  int kept = errno;
  unsigned char byte = (unsigned char)number;
  if (number > 0 && number < 65 && write(caught_by[number], &byte, 1) < 0) errno = 0;
  errno = kept;
}

int clinux_catch_signal(int number, int descriptor) {
  if (number <= 0 || number >= 65) {
    errno = EINVAL;
    return -1;
  }
  caught_by[number] = descriptor;
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return sigaction(number, &action, NULL);
}

void clinux_release_signal(int number) { signal(number, SIG_DFL); }

void clinux_ignore_signal(int number) { signal(number, SIG_IGN); }
