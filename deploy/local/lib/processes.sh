# Parts of the cluster as processes, each in a process group of its own.
#
# A pid file holds the process id and the moment at which the kernel started it, so that a number which was given to
# somebody else in the meantime is never signalled. A part that a tool started by the argument list of cluster.json is
# recognised by DEPLOY_LOCAL_PART in its environment, PostgreSQL and Redis by the pid file that they write themselves.

# Clock ticks since boot at which the process started; nothing when it is gone or a zombie.
start_time() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086
  set -- ${stat##*) } # the name before it may hold blanks and parentheses
  [ "$1" != Z ] && [ "$1" != X ] && echo "${20}"
}

part_mark() { echo "DEPLOY_LOCAL_PART=$STATE:$1"; }

# The id of a process that is this part but was not started here.
adopted_pid() {
  local name=$1 pid='' file
  case $name in
    postgres) { read -r pid <"$(postgres_data)/postmaster.pid"; } 2>/dev/null || return 1 ;;
    redis | redis-*) { read -r pid <"$(redis_home "$name")/redis.pid"; } 2>/dev/null || return 1 ;;
    *)
      for file in $(grep -lzxF -- "$(part_mark "$name")" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/} pid=${pid%/environ}
        start_time "$pid" >/dev/null && echo "$pid" && return 0
      done
      return 1
      ;;
  esac
  [ -n "$pid" ] || return 1
  local home
  if [ "$name" = postgres ]; then home=$(cd "$(postgres_data)" && pwd -P); else home=$(redis_home "$name"); fi
  [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$home" ] && echo "$pid"
}

# pid_of <part>: prints the id of the living process, fails when there is none.
pid_of() {
  local name=$1 pid started
  # One that ended before its moment could be noted has none.
  if { read -r pid started <"$RUN/$name.pid"; } 2>/dev/null && [ -n "$started" ] &&
    [ "$(start_time "$pid")" = "$started" ]; then
    echo "$pid"
    return 0
  fi
  pid=$(adopted_pid "$name") || return 1
  remember_pid "$name" "$pid"
  echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }
dead() { ! alive "$1"; }

remember_pid() { echo "$2 $(start_time "$2")" >"$RUN/$1.pid"; }

# start_part <part> <argument...>: the argument list is complete, so that any tool may start the part by it again.
start_part() {
  local name=$1
  shift
  printf '%s\0' "$@" >"$RUN/$name.command"
  { stat -c %s "$LOGS/$name.log" || echo 0; } >"$RUN/$name.log_begin" 2>/dev/null
  # setsid executes in place here, since a script's background job does not lead its group: $! stays the part's own id.
  setsid "$@" </dev/null >>"$LOGS/$name.log" 2>&1 9>&- &
  remember_pid "$name" "$!"
  disown "$!"
}

# stop_part <part> <signal> <seconds>: politely first, then by KILL.
stop_part() {
  local name=$1 signal=$2 patience=$3 pid
  pid=$(pid_of "$name") || {
    rm -f "$RUN/$name.pid"
    return 0
  }
  kill -s "$signal" "$pid" 2>/dev/null
  if ! wait_until "$patience" dead "$name"; then
    warn "$name (pid $pid) has not ended within $patience s of $signal; it is killed."
    kill -s KILL "$pid" 2>/dev/null
    wait_until 10 dead "$name" || die "$name (pid $pid) cannot be killed."
  fi
  rm -f "$RUN/$name.pid"
}
