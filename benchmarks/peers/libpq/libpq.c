// The limit of what stores: libpq in C and nothing else. No queue, no check, no answer to anybody.
//
//   libpq insert URL SECONDS CONNECTIONS DEPTH ROWS   rows like a message's, ROWS a statement, each statement its own
//                                                     transaction, DEPTH of them under way on each connection
//   libpq page URL SECONDS CONNECTIONS DEPTH BUCKET CONVERSATION HEAD LIMIT
//                                                     pages of a history from random places on
//
// Prints {"operations", "seconds", "cpu_s", "p50_us"}: rows or pages, its own CPU, and in which time half of the
// statements were answered.
#define _DEFAULT_SOURCE
#include <libpq-fe.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

enum { CONNECTIONS_MAX = 64, ROWS_MAX = 256, COLUMNS = 9, NUMBER_MAX = 24, DEPTH_MAX = 64, LATENCY_MAX = 1000000 };

static int rows, depth, connections, limit;
static const char *bucket, *conversation;
static int64_t head;
static uint64_t done, bytes;
// Answers by the microseconds that they took; what takes a second and more is the last.
static uint64_t answers, latencies[LATENCY_MAX + 1];

struct link {
  PGconn *handle;
  int number, under_way;
  int64_t next;
  // When what is under way was sent, round and round.
  double sent[DEPTH_MAX];
  uint64_t begun, ended;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, PGconn *handle) {
  fprintf(stderr, "libpq: %s: %s\n", what, handle ? PQerrorMessage(handle) : "");
  exit(1);
}

// What a node writes for a message: the same columns, the same indexes.
static void prepare_insert(PGconn *handle) {
  size_t room = 512 + (size_t)rows * 128;
  char *sql = malloc(room);
  if (!sql) die("memory", NULL);
  size_t n = (size_t)snprintf(sql, room,
    "INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id, "
    "client_given, type, text) VALUES ");
  for (int row = 0; row < rows; row++) {
    int p = row * COLUMNS;
    n += (size_t)snprintf(sql + n, room - n,
      "%s($%d::int2,$%d::int8,$%d::int8,$%d::int8,1,$%d::int8,$%d,date_trunc('milliseconds',clock_timestamp()),$%d,"
      "true,$%d,$%d)", row ? "," : "", p + 1, p + 2, p + 3, p + 4, p + 5, p + 6, p + 7, p + 8, p + 9);
  }
  PGresult *result = PQprepare(handle, "s", sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) die("prepare", handle);
  PQclear(result);
  free(sql);
}

static void prepare_page(PGconn *handle) {
  PGresult *result = PQprepare(handle, "s",
    "SELECT seq, id, kind, author, author_name, created_at, client_message_id, client_given, type, text, reply_to, "
    "edited_at, deleted_at, detail, previous_text, reactions, changed_seq, attachments FROM entry "
    "WHERE bucket = $1 AND conversation = $2 AND seq < $3 AND kind = 1 ORDER BY seq DESC LIMIT $4", 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) die("prepare", handle);
  PQclear(result);
}

static void send_insert(struct link *link) {
  static char numbers[ROWS_MAX][5][NUMBER_MAX], keys[ROWS_MAX][48];
  static const char *values[ROWS_MAX * COLUMNS];
  static const char text[] = "a text of one hundred bytes, as the scenarios of Martlet's own benchmarks write them; "
                             "and some more";
  for (int row = 0; row < rows; row++) {
    int64_t number = link->next++;
    snprintf(numbers[row][0], NUMBER_MAX, "%d", link->number);
    snprintf(numbers[row][1], NUMBER_MAX, "%d", link->number);
    snprintf(numbers[row][2], NUMBER_MAX, "%lld", (long long)number);
    snprintf(numbers[row][3], NUMBER_MAX, "%lld", (long long)(number << 12 | link->number));
    snprintf(numbers[row][4], NUMBER_MAX, "%d", 10000000 + link->number);
    snprintf(keys[row], sizeof keys[row], "%08llx-%lld", (unsigned long long)number * 2654435761u % 4294967296u,
             (long long)number);
    const char **value = values + row * COLUMNS;
    for (int column = 0; column < 5; column++) value[column] = numbers[row][column];
    value[5] = "somebody";
    value[6] = keys[row];
    value[7] = "text";
    value[8] = text;
  }
  if (!PQsendQueryPrepared(link->handle, "s", rows * COLUMNS, values, NULL, NULL, 1)) die("send", link->handle);
}

static void send_page(struct link *link) {
  char seq[NUMBER_MAX], most[NUMBER_MAX];
  snprintf(seq, sizeof seq, "%lld", (long long)(limit + 2 + (int64_t)(drand48() * (double)(head - limit - 2))));
  snprintf(most, sizeof most, "%d", limit);
  const char *values[] = {bucket, conversation, seq, most};
  if (!PQsendQueryPrepared(link->handle, "s", 4, values, NULL, NULL, 1)) die("send", link->handle);
}

static void receive(struct link *link) {
  if (!PQconsumeInput(link->handle)) die("read", link->handle);
  while (link->under_way && !PQisBusy(link->handle)) {
    PGresult *result = PQgetResult(link->handle);
    if (!result) continue;
    switch (PQresultStatus(result)) {
      case PGRES_COMMAND_OK: done += (uint64_t)rows; break;
      case PGRES_TUPLES_OK:
        if (PQntuples(result) != limit) die("a page is short", NULL);
        for (int row = 0; row < limit; row++)
          for (int column = 0; column < PQnfields(result); column++)
            bytes += (uint64_t)PQgetlength(result, row, column);
        done++;
        break;
      case PGRES_PIPELINE_SYNC: {
        double took = (now() - link->sent[link->ended++ % DEPTH_MAX]) * 1e6;
        latencies[took < LATENCY_MAX ? (int)took : LATENCY_MAX]++;
        answers++;
        link->under_way--;
        break;
      }
      default: die("refused", link->handle);
    }
    PQclear(result);
  }
}

static int median(void) {
  uint64_t seen = 0;
  for (int us = 0; us < LATENCY_MAX; us++)
    if ((seen += latencies[us]) * 2 >= answers) return us;
  return LATENCY_MAX;
}

int main(int count, char **words) {
  int inserts = count == 7 && !strcmp(words[1], "insert");
  if (!inserts && !(count == 10 && !strcmp(words[1], "page"))) die("insert … | page …: see the source", NULL);
  double seconds = atof(words[3]);
  connections = atoi(words[4]);
  depth = atoi(words[5]);
  if (inserts) {
    rows = atoi(words[6]);
  } else {
    bucket = words[6], conversation = words[7], head = atoll(words[8]), limit = atoi(words[9]);
  }
  if (connections < 1 || connections > CONNECTIONS_MAX || depth < 1 || depth > DEPTH_MAX || rows < inserts ||
      rows > ROWS_MAX)
    die("range", NULL);
  static struct link links[CONNECTIONS_MAX];
  static struct pollfd polls[CONNECTIONS_MAX];
  for (int i = 0; i < connections; i++) {
    struct link *link = links + i;
    *link = (struct link){.handle = PQconnectdb(words[2]), .number = i + 1, .next = 1};
    if (PQstatus(link->handle) != CONNECTION_OK) die("connect", link->handle);
    PQclear(PQexec(link->handle, "SET plan_cache_mode = force_generic_plan"));
    if (inserts) prepare_insert(link->handle); else prepare_page(link->handle);
    if (inserts) {
      char sql[128];
      snprintf(sql, sizeof sql, "SELECT coalesce(max(seq), 0) + 1 FROM entry WHERE bucket = %d AND conversation = %d",
               i + 1, i + 1);
      PGresult *result = PQexec(link->handle, sql);
      if (PQresultStatus(result) != PGRES_TUPLES_OK) die("max", link->handle);
      link->next = atoll(PQgetvalue(result, 0, 0));
      PQclear(result);
    }
    if (PQsetnonblocking(link->handle, 1) || !PQenterPipelineMode(link->handle)) die("pipeline", link->handle);
    polls[i] = (struct pollfd){.fd = PQsocket(link->handle)};
  }
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  double began = now(), end = began + seconds;
  for (int left = 1; left;) {
    left = 0;
    int more = now() < end;
    for (int i = 0; i < connections; i++) {
      struct link *link = links + i;
      while (more && link->under_way < depth) {
        link->sent[link->begun++ % DEPTH_MAX] = now();
        if (inserts) send_insert(link); else send_page(link);
        if (!PQpipelineSync(link->handle)) die("sync", link->handle);
        link->under_way++;
      }
      int unsent = PQflush(link->handle);
      if (unsent < 0) die("write", link->handle);
      polls[i].events = (short)(POLLIN | (unsent ? POLLOUT : 0));
      left += link->under_way;
    }
    if (!left) break;
    if (poll(polls, (nfds_t)connections, 1000) < 0) die("poll", NULL);
    for (int i = 0; i < connections; i++)
      if (polls[i].revents) receive(links + i);
  }
  double took = now() - began;
  getrusage(RUSAGE_SELF, &after);
  struct timeval spent;
  timersub(&after.ru_utime, &before.ru_utime, &spent);
  double cpu = (double)spent.tv_sec + (double)spent.tv_usec / 1e6;
  timersub(&after.ru_stime, &before.ru_stime, &spent);
  cpu += (double)spent.tv_sec + (double)spent.tv_usec / 1e6;
  printf("{\"operations\": %llu, \"seconds\": %.3f, \"cpu_s\": %.3f, \"p50_us\": %d}\n", (unsigned long long)done,
         took, cpu, median());
  return 0;
}
