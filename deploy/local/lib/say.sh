# What the person at the terminal is told, and how a wait ends.

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# die_with_log <part> <sentence>: the sentence, then the end of what the part itself had to say.
die_with_log() {
  local log="$LOGS/$1.log"
  shift
  printf 'error: %s\n' "$*" >&2
  if [ -s "$log" ]; then
    printf -- '--- the last lines of %s\n' "$log" >&2
    tail -n 20 "$log" >&2
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
