# Nodes that are replaced or added with other settings, and what is done when they do not become ready.

# replace <node>: false when the new process has not become ready.
replace() {
  stop_node "$1"
  (start_node "$1" && wait_for_node "$1")
}

# replace_back <node> <more to say>: the node and its settings as they were, then the end.
replace_back() {
  take_settings_back
  replace "$1" || die "$1 does not become ready as it was before either."
  save_shape
  write_cluster_json
  die "$1 does not become ready as it was to be; it runs as before again.$2"
}

# note_living: which nodes this command finds, so that those it starts can be told from them.
note_living() {
  local name
  LIVING=' '
  for name in $(node_names); do alive "$name" && LIVING+="$name "; done
}

# take_start_back: after a start that failed. Nodes that this command has started with what it was given end again, and
# what it was given is forgotten; without any it leaves what runs.
take_start_back() {
  local name
  [ -n "$(given_settings)" ] || return 0
  for name in $(node_names); do
    [[ $LIVING == *" $name "* ]] || stop_node "$name"
  done
  take_settings_back
  warn "the settings of this call are forgotten, and the nodes that it started have ended."
}
