# The ports of the dialects: the ones that their old servers had, or others where those are taken.

DIALECTS="umoc-session messenger realtime pymessage umoc"

# The port that a dialect's clients know; 8081 for the messenger, since 8080 is everybody's.
known_port() {
  case $1 in
    umoc-session) echo 5001 ;;
    messenger) echo 8081 ;;
    realtime) echo 5000 ;;
    pymessage) echo 6969 ;;
    umoc) echo 5004 ;;
  esac
}

dialect_url() { echo "http://127.0.0.1:$(dialect_port "$1")"; }

# dialect_port <name>: what was chosen when the balancer started.
dialect_port() {
  local file="$STATE/dialects" line=
  [ -f "$file" ] && line=$(grep "^$1=" "$file")
  if [ -n "$line" ]; then echo "${line#*=}"; else known_port "$1"; fi
}

# Whether a part of this cluster is to have the port.
own_port() {
  local name
  for name in haproxy statistics postgres $(redis_names) $(redis_names | sed -n 's/^redis-/bus-/p') $(node_names) \
    $(node_names | sed -n 's/^socket-/private-/p'); do
    [ "$(port_of "$name")" = "$1" ] && return 0
  done
  return 1
}

# Before a balancer that does not run: what was chosen once stays, unless somebody else has taken it. The others lie
# between the cluster's own, at +4 to +8.
choose_dialect_ports() {
  local name port wanted spare=$((PORT_BASE + 4)) chosen=
  for name in $DIALECTS; do
    wanted=$(dialect_port "$name") port=$wanted
    if port_taken "$port" || own_port "$port"; then
      port=$spare
      say "port $wanted, which clients of the dialect $name know, is taken: it is served at port $port."
    fi
    spare=$((spare + 1))
    chosen+="$name=$port"$'\n'
  done
  printf '%s' "$chosen" >"$STATE/dialects"
}

# What deploy/haproxy/dialects.cfg takes from the environment.
dialect_binds() {
  local name variable
  for name in $DIALECTS; do
    variable=${name^^}
    echo "EDGE_${variable//-/_}=127.0.0.1:$(dialect_port "$name")"
  done
}

json_dialects() {
  local name separator=''
  for name in $DIALECTS; do
    printf '%s"%s": %s' "$separator" "$name" "$(json_string "$(dialect_url "$name")")"
    separator=', '
  done
}
