# A private PostgreSQL: fsync on, as the promise needs it; never run as root, which it refuses.

postgres_data() { [ -L "$STATE/postgres" ] && readlink "$STATE/postgres" || echo "$STATE/postgres"; }
postgres_url() {
  echo "postgres://martlet:$(cat "$SECRETS/database_password")@127.0.0.1:$(port_of postgres)/martlet"
}

# The words that make a command run as the user who owns the database.
AS_POSTGRES=()
choose_postgres_user() {
  AS_POSTGRES=()
  [ "$(id -u)" = 0 ] || return 0
  id postgres >/dev/null 2>&1 || die "root cannot run PostgreSQL, and there is no user 'postgres' to run it as."
  AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --init-groups)
}

# Root's checkout may lie where the user postgres may not go; then the data lies elsewhere, behind a link.
choose_postgres_data() {
  local elsewhere
  [ -e "$STATE/postgres" ] || [ -L "$STATE/postgres" ] && return 0
  if "${AS_POSTGRES[@]}" test -x "$STATE"; then
    mkdir "$STATE/postgres"
  else
    elsewhere="/var/tmp/martlet-$(printf '%s' "$STATE" | cksum | cut -d ' ' -f 1)"
    [ -d "$elsewhere" ] || mkdir -m 711 "$elsewhere"
    [ -O "$elsewhere" ] && [ ! -L "$elsewhere" ] || die "$elsewhere belongs to somebody else; give --data a directory."
    mkdir -p "$elsewhere/postgres"
    ln -s "$elsewhere/postgres" "$STATE/postgres"
    say "PostgreSQL's user cannot enter $STATE: its data lies in $elsewhere/postgres, with a link from there."
  fi
}

make_database() {
  local data password
  data=$(postgres_data)
  [ -s "$data/PG_VERSION" ] && return 0
  [ "$(id -u)" = 0 ] && chown postgres:postgres "$data"
  chmod 700 "$data"
  password=$(mktemp "${TMPDIR:-/tmp}/martlet.XXXXXX")
  cat "$SECRETS/database_password" >"$password"
  [ "$(id -u)" = 0 ] && chown postgres "$password"
  # --no-sync is about making the files only; the server that runs on them syncs every commit.
  (cd / && "${AS_POSTGRES[@]}" "$(postgres_bin)/initdb" -D "$data" -U martlet --auth=scram-sha-256 \
    --pwfile="$password" --no-sync --no-locale -E UTF8) >"$LOGS/postgres.log" 2>&1
  local result=$?
  rm -f "$password"
  [ $result = 0 ] || die_with_log postgres "initdb could not make the database in $data."
}

start_postgres() {
  alive postgres && return 0
  require_port postgres
  local data sockets
  data=$(postgres_data)
  sockets=$data
  [ ${#sockets} -le 80 ] || sockets= # a socket's path ends at 107 bytes; 127.0.0.1 serves as well
  start_part postgres env "${AS_POSTGRES[@]}" "$(postgres_bin)/postgres" -D "$data" \
    -c listen_addresses=127.0.0.1 -c "port=$(port_of postgres)" -c "unix_socket_directories=$sockets" \
    -c max_connections=300 -c fsync=on -c synchronous_commit=on \
    -c dynamic_shared_memory_type=mmap # what a killed server leaves lies in its data, not in the machine's memory
}

postgres_answers() { "$(postgres_bin)/pg_isready" -q -h 127.0.0.1 -p "$(port_of postgres)" 2>/dev/null; }

# After a crash the old server's last children may hold its memory for a moment: a start that fails is tried again.
postgres_up() {
  postgres_answers && return 0
  alive postgres && return 1
  sleep 0.5
  start_postgres
  return 1
}

wait_for_postgres() {
  wait_until 60 postgres_up || die_with_log postgres "PostgreSQL has not become ready within 60 s."
  local bin
  bin=$(postgres_bin)
  export PGPASSWORD PGCONNECT_TIMEOUT=5
  PGPASSWORD=$(cat "$SECRETS/database_password")
  local to=(-h 127.0.0.1 -p "$(port_of postgres)" -U martlet)
  if [ "$("$bin/psql" "${to[@]}" -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'martlet'" \
    2>>"$LOGS/postgres.log")" != 1 ]; then
    "$bin/createdb" "${to[@]}" martlet >>"$LOGS/postgres.log" 2>&1 ||
      die_with_log postgres "the database 'martlet' cannot be made."
  fi
  unset PGPASSWORD
}
