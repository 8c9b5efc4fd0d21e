#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

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

void clinux_set_thread_name(const char *name) {
  char kept[16];
  strncpy(kept, name, sizeof(kept) - 1);
  kept[sizeof(kept) - 1] = 0;
  pthread_setname_np(pthread_self(), kept);
}

const char *clinux_error_text(int code) { return strerrordesc_np(code); }
