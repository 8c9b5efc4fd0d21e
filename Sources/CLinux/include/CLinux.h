#pragma once
// What the Glibc module does not show to Swift: epoll, eventfd, accept4, sched affinity of sockets.
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);
/// TCP_USER_TIMEOUT in milliseconds: how long sent data may stay unacknowledged before the connection is dead.
int clinux_set_user_timeout(int fd, unsigned int milliseconds);
/// Sets O_NONBLOCK and FD_CLOEXEC.
int clinux_set_nonblocking(int fd);
/// Asks for the memory of so many bytes from there on, which comes while something else is done; any address will do.
static inline void clinux_prefetch(const void *address, unsigned int bytes) {
  for (unsigned int at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)address + at, 1, 3);
}
/// malloc_trim(3): gives freed memory back after a burst.
void clinux_trim_memory(void);
/// Lets malloc(3) keep twice so many bytes free at the end of a heap before it gives them back, and map only blocks
/// larger than that; as if such a block had been freed. What GLIBC_TUNABLES says goes first.
void clinux_keep_memory(size_t bytes);
/// Gives back what is free at the end of the calling thread's heap, which ``clinux_trim_memory`` does for the first
/// thread's only: malloc(3) does it by itself where more than it may keep is free, so that is seen to. Costs a few page
/// faults; `kept` is what ``clinux_keep_memory`` was told.
void clinux_trim_end_of_heap(size_t kept);
/// Names the calling thread; at most 15 bytes.
void clinux_set_thread_name(const char *name);
/// strerrordesc_np(3): the text of an errno, in English, thread-safe; NULL when there is none.
const char *clinux_error_text(int code);
/// Writes the number of each such signal, as one byte, to a descriptor from now on; async-signal-safe. -1 with errno.
int clinux_catch_signal(int signal, int descriptor);
/// Gives the signal back to the system's default.
void clinux_release_signal(int signal);
/// Ignores the signal.
void clinux_ignore_signal(int signal);
