# What the person at the terminal is told, and how a wait ends.

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# log_of <part>: what it has written since its last start.
log_of() {
  local begin=0
  { read -r begin <"$RUN/$1.log_begin"; } 2>/dev/null
  tail -c "+$((begin + 1))" "$LOGS/$1.log" 2>/dev/null
}

# die_with_log <part> <sentence>: the sentence, what the part itself named as its error, then the end of its log.
die_with_log() {
  local part=$1 own
  shift
  printf 'error: %s\n' "$*" >&2
  own=$(log_of "$part" | grep -E '^[^{]|"level":"error"' | tail -n 5)
  [ -z "$own" ] || printf '%s\n' "$own" | sed "s/^/$part: /" >&2
  if [ -n "$(log_of "$part" | head -c 1)" ]; then
    printf -- '--- the last lines of %s\n' "$LOGS/$part.log" >&2
    log_of "$part" | tail -n 20 >&2
    printf -- '---\n' >&2
  fi
  exit 1
}

# wait_until <seconds> <command...>: true as soon as the command is, false when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# number <option> <value> <least> <most>: the value, or a sentence and the end.
number() {
  [[ $2 =~ ^[0-9]{1,5}$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || die "$1 takes a number from $3 to $4, not '$2'."
  echo $((10#$2))
}
