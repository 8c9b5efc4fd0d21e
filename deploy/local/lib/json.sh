# cluster.json: what tools and tests need to find, stop, kill and start the parts.

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/\\t}
  printf '"%s"' "$text"
}

json_command() {
  local argument arguments separator=''
  mapfile -d '' -t arguments <"$RUN/$1.command"
  printf '['
  for argument in "${arguments[@]}"; do
    printf '%s' "$separator"
    json_string "$argument"
    separator=', '
  done
  printf ']'
}

# json_process <part>: the two members that every part has.
json_process() { printf '"pid": %s, "command": %s' "$(pid_of "$1" || echo null)" "$(json_command "$1")"; }

json_nodes() {
  local name separator='' private
  for name in $(node_names | grep "^$1-"); do
    private=''
    [ "$1" = socket ] && private="\"private\": $(json_string "http://127.0.0.1:$(private_port "$name")"), "
    printf '%s\n    {"url": %s, %s%s}' "$separator" "$(json_string "$(node_url "$name")")" "$private" \
      "$(json_process "$name")"
    separator=','
  done
}

json_redis() {
  local name first separator=''
  first=$(first_redis)
  printf '{"url": %s, %s' "$(json_string "$(redis_url)")" "$(json_process "$first")"
  if [ "$REDIS" = cluster ]; then
    printf ', "nodes": ['
    for name in $(redis_names); do
      printf '%s\n    {"url": "redis://127.0.0.1:%s", "role": %s, %s}' "$separator" "$(port_of "$name")" \
        "$(json_string "$(redis_role "$name")")" "$(json_process "$name")"
      separator=','
    done
    printf '\n  ]'
  fi
  printf '}'
}

write_cluster_json() {
  local file="$STATE/cluster.json" shown="$ROOT/.local/cluster.json"
  (umask 077 && cat >"$file.new") <<END || die "$file cannot be written."
{
  "main": $(json_string "$(main_url)"),
  "dialects": {$(json_dialects)},
  "api": [$(json_nodes api)
  ],
  "socket": [$(json_nodes socket)
  ],
  "loadbalancer": {$(json_process haproxy)},
  "postgres": {"url": $(json_string "$(postgres_url)"), "data": $(json_string "$(postgres_data)"),
    $(json_process postgres)},
  "redis": $(json_redis)
}
END
  mv "$file.new" "$file"
  # A cluster elsewhere (--data) is found from the checkout too, unless the checkout has a cluster of its own.
  if [ "$file" != "$shown" ] && { [ -L "$shown" ] || [ ! -e "$shown" ]; }; then
    mkdir -p "$ROOT/.local"
    ln -sfn "$file" "$shown"
  fi
}
