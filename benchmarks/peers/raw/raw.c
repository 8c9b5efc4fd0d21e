/* The limit that Martlet is compared with: a WebSocket broadcaster on one epoll that does nothing else.
 *
 *   raw PORT [--coalesce]
 *
 * GET /echo            sends each message back
 * GET /room/NAME       sends each message to everybody in the room, the sender too
 * GET anything else    as /echo, until a first message `join NAME` puts the connection into that room
 *
 * One write for each frame and recipient; with --coalesce one write for each recipient and turn of the loop. Messages
 * are unfragmented and of at most 60,000 bytes; masks are taken off, pings are answered, whatever else breaks the
 * protocol ends the connection. A reader who leaves more than 1 MiB unread is cut off.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 65536, READ_MAX = 65536, UNREAD_MAX = 1 << 20, ROOMS_MAX = 4096, NAME_MAX_BYTES = 64 };

struct room {
  char name[NAME_MAX_BYTES];
  int *members;
  int count, capacity;
};

struct connection {
  unsigned char *in, *out; /* what is not whole yet, what the socket did not take; NULL when there is nothing */
  int in_length, out_length, out_capacity;
  int room, place; /* -1 without one */
  char open, upgraded, waiting, dirty;
};

static struct connection connections[CONNECTIONS_MAX];
static struct room rooms[ROOMS_MAX];
static int room_count, poller, coalesce;
static int dirty[CONNECTIONS_MAX], dirty_count;
static int doomed[CONNECTIONS_MAX], doomed_count;

static void doom(int fd) {
  if (connections[fd].open != 1) return;
  connections[fd].open = 2;
  doomed[doomed_count++] = fd;
}

static void leave(int fd) {
  struct connection *c = &connections[fd];
  if (c->room < 0) return;
  struct room *r = &rooms[c->room];
  int last = r->members[--r->count];
  r->members[c->place] = last;
  connections[last].place = c->place;
  c->room = -1;
}

static void bury(int fd) {
  struct connection *c = &connections[fd];
  leave(fd);
  free(c->in);
  free(c->out);
  memset(c, 0, sizeof *c);
  close(fd);
}

static void join(int fd, const char *name, int length) {
  struct connection *c = &connections[fd];
  if (length <= 0 || length >= NAME_MAX_BYTES) return doom(fd);
  int found = 0;
  while (found < room_count && (strncmp(rooms[found].name, name, length) || rooms[found].name[length])) found++;
  if (found == ROOMS_MAX) return doom(fd);
  if (found == room_count) memcpy(rooms[room_count++].name, name, length);
  struct room *r = &rooms[found];
  leave(fd);
  if (r->count == r->capacity) {
    r->capacity = r->capacity ? 2 * r->capacity : 16;
    r->members = realloc(r->members, r->capacity * sizeof *r->members);
    if (!r->members) abort();
  }
  c->room = found;
  c->place = r->count;
  r->members[r->count++] = fd;
}

static void watch(int fd, int writable) {
  struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0), .data.fd = fd};
  epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
  connections[fd].waiting = writable;
}

static void keep(int fd, const unsigned char *bytes, int length) {
  struct connection *c = &connections[fd];
  if (c->out_length + length > UNREAD_MAX) return doom(fd);
  if (c->out_length + length > c->out_capacity) {
    c->out_capacity = 2 * (c->out_length + length);
    c->out = realloc(c->out, c->out_capacity);
    if (!c->out) abort();
  }
  memcpy(c->out + c->out_length, bytes, length);
  c->out_length += length;
}

static void flush(int fd) {
  struct connection *c = &connections[fd];
  if (c->open != 1 || !c->out_length) return;
  ssize_t sent = send(fd, c->out, c->out_length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return doom(fd);
  if (sent > 0) memmove(c->out, c->out + sent, c->out_length -= sent);
  if (!c->out_length) {
    free(c->out);
    c->out = NULL;
    c->out_capacity = 0;
  }
  if ((c->out_length > 0) != c->waiting) watch(fd, c->out_length > 0);
}

static void give(int fd, const unsigned char *frame, int length) {
  struct connection *c = &connections[fd];
  if (c->open != 1) return;
  if (coalesce && !c->dirty) {
    c->dirty = 1;
    dirty[dirty_count++] = fd;
  }
  if (coalesce || c->out_length) return keep(fd, frame, length);
  ssize_t sent = send(fd, frame, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return doom(fd);
  if (sent < length) {
    keep(fd, frame + (sent > 0 ? sent : 0), length - (sent > 0 ? sent : 0));
    if (c->open == 1) watch(fd, 1);
  }
}

static int head_of(unsigned char *head, unsigned char opcode, int length) {
  head[0] = 0x80 | opcode;
  if (length < 126) {
    head[1] = length;
    return 2;
  }
  head[1] = 126;
  head[2] = length >> 8;
  head[3] = length & 255;
  return 4;
}

static void message(int fd, unsigned char opcode, unsigned char *payload, int length) {
  static unsigned char frame[READ_MAX + 4];
  struct connection *c = &connections[fd];
  if (opcode == 8) return doom(fd);
  if (opcode == 10) return;
  if (c->room < 0 && length > 5 && !memcmp(payload, "join ", 5)) return join(fd, (char *)payload + 5, length - 5);
  int head = head_of(frame, opcode == 9 ? 10 : opcode, length);
  memcpy(frame + head, payload, length);
  if (opcode == 9 || c->room < 0) return give(fd, frame, head + length);
  struct room *r = &rooms[c->room];
  for (int i = 0; i < r->count; i++) give(r->members[i], frame, head + length);
}

/* How many bytes of whole frames were dealt with. */
static int frames(int fd, unsigned char *bytes, int length) {
  int at = 0;
  while (connections[fd].open == 1 && length - at >= 6) {
    unsigned char *p = bytes + at;
    int size = p[1] & 127, head = 6;
    if (size == 126) {
      if (length - at < 8) break;
      size = p[2] << 8 | p[3];
      head = 8;
    }
    if (!(p[0] & 0x80) || !(p[1] & 0x80) || (p[1] & 127) == 127 || size > 60000) {
      doom(fd);
      break;
    }
    if (length - at < head + size) break;
    unsigned char *mask = p + head - 4, *payload = p + head;
    uint64_t wide, word;
    uint32_t four;
    memcpy(&four, mask, 4);
    wide = (uint64_t)four << 32 | four;
    int i = 0;
    for (; i + 8 <= size; i += 8) {
      memcpy(&word, payload + i, 8);
      word ^= wide;
      memcpy(payload + i, &word, 8);
    }
    for (; i < size; i++) payload[i] ^= mask[i & 3];
    message(fd, p[0] & 15, payload, size);
    at += head + size;
  }
  return at;
}

static int upgrade(int fd, unsigned char *bytes, int length) {
  unsigned char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  *end = 0;
  char *key = strcasestr((char *)bytes, "\r\nsec-websocket-key:");
  if (!key || strncmp((char *)bytes, "GET ", 4)) {
    doom(fd);
    return length;
  }
  key += 20;
  while (*key == ' ') key++;
  char joined[160], answer[256];
  unsigned char hash[SHA_DIGEST_LENGTH];
  snprintf(joined, sizeof joined, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, "\r \t"), key);
  SHA1((unsigned char *)joined, strlen(joined), hash);
  char accept[32];
  EVP_EncodeBlock((unsigned char *)accept, hash, sizeof hash);
  int size = snprintf(answer, sizeof answer,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n",
                      accept);
  connections[fd].upgraded = 1;
  give(fd, (unsigned char *)answer, size);
  if (!strncmp((char *)bytes + 4, "/room/", 6)) {
    char *name = (char *)bytes + 10;
    join(fd, name, strcspn(name, " ?\r"));
  }
  return end + 4 - bytes;
}

static void received(int fd) {
  static unsigned char buffer[2 * READ_MAX];
  struct connection *c = &connections[fd];
  if (c->in_length) memcpy(buffer, c->in, c->in_length);
  ssize_t got = recv(fd, buffer + c->in_length, READ_MAX, 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return doom(fd);
  if (got < 0) return;
  int length = c->in_length + got, used = c->upgraded ? 0 : upgrade(fd, buffer, length);
  if (c->upgraded) used += frames(fd, buffer + used, length - used);
  free(c->in);
  c->in = NULL;
  c->in_length = length - used;
  if (c->in_length > READ_MAX) return doom(fd);
  if (!c->in_length) return;
  c->in = malloc(c->in_length);
  if (!c->in) abort();
  memcpy(c->in, buffer + used, c->in_length);
}

static void take_in(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= CONNECTIONS_MAX) {
      close(fd);
      continue;
    }
    connections[fd] = (struct connection){.open = 1, .room = -1};
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **words) {
  if (count < 2) return fprintf(stderr, "raw PORT [--coalesce]\n"), 2;
  coalesce = count > 2 && !strcmp(words[2], "--coalesce");
  struct rlimit files;
  if (!getrlimit(RLIMIT_NOFILE, &files)) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* accepted sockets have it too */
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("raw"), 1;
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[512];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int waiting = epoll_wait(poller, ready, 512, -1);
    for (int i = 0; i < waiting; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener) {
        take_in(listener);
        continue;
      }
      if (ready[i].events & EPOLLOUT) flush(fd);
      if (connections[fd].open == 1 && ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) received(fd);
    }
    for (int i = 0; i < dirty_count; i++) {
      connections[dirty[i]].dirty = 0;
      flush(dirty[i]);
    }
    dirty_count = 0;
    for (int i = 0; i < doomed_count; i++) bury(doomed[i]);
    doomed_count = 0;
  }
}
