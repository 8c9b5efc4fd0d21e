# The MARTLET_ variables of the caller's environment reach the nodes, and are remembered for later commands.

# Settings whose value must not stand in an argument list: each goes to a file of its own, passed as …_FILE.
SECRET_SETTINGS=" DATABASE_URL DATABASE_REPLICA_URL REDIS_URL S3_SECRET_KEY TOKEN_KEYS TOKEN_KEY REFRESH_KEY "
# Settings that the local cluster decides itself.
OWN_SETTINGS=" LISTEN PRIVATE_LISTEN PRIVATE_ADDRESS NODE_ID DATABASE_URL DATABASE_URL_FILE REDIS_URL REDIS_URL_FILE"
OWN_SETTINGS+=" TRUSTED_PROXIES "

# given_settings: their names; but for those of the tests, which are no node's.
given_settings() { compgen -e | grep '^MARTLET_' | grep -v '^MARTLET_TEST_'; }

# collect_settings <fresh|more>: a fresh start forgets what an earlier one was given, a later command adds to it.
# What was there before stays at hand (keep_settings), for a node that refuses what it is given.
collect_settings() {
  local kept="$STATE/settings" name key value
  [ "$1" = fresh ] && rm -rf "$kept" "$SECRETS"/given_* "$SECRETS"/before.*
  touch "$kept"
  keep_settings
  while IFS= read -r name; do
    key=${name#MARTLET_}
    if [[ $OWN_SETTINGS == *" $key "* ]]; then
      warn "$name is set by deploy/local itself; the value in your environment is not used."
      continue
    fi
    value=${!name}
    drop_setting "$key" "$kept"
    [ -n "$value" ] || continue # none, as for the nodes themselves
    if [[ $SECRET_SETTINGS == *" $key "* ]]; then
      (umask 077 && printf '%s\n' "$value" >"$SECRETS/given_${key,,}")
      echo "${name}_FILE=$SECRETS/given_${key,,}" >>"$kept"
      continue
    fi
    [[ $value != *$'\n'* ]] || refuse_settings "$name has a line break in its value, which a setting cannot have."
    if [[ $key == *_FILE && $value != /* ]]; then value=$CALLER/$value; fi
    echo "$name=$value" >>"$kept"
  done < <(given_settings)
}

# keep_settings: the settings and the given secrets as they are, in a place of this command's own until it ends.
kept_settings() { echo "$SECRETS/before.$$"; }
keep_settings() {
  local kept given=("$SECRETS"/given_*)
  [ -e "${given[0]}" ] || given=()
  kept=$(kept_settings)
  rm -rf -- "$kept"
  mkdir -m 700 "$kept" && cp -p "$STATE/settings" "${given[@]}" "$kept/" ||
    die "the settings cannot be kept in $kept."
}
forget_kept_settings() { rm -rf -- "$(kept_settings)"; }

# take_settings_back: as if this command had been given none.
take_settings_back() {
  local kept given
  kept=$(kept_settings)
  [ -e "$kept/settings" ] || return 0
  rm -f "$SECRETS"/given_*
  given=("$kept"/given_*)
  [ -e "${given[0]}" ] || given=()
  cp -p "${given[@]}" "$kept/settings" "$SECRETS/" && mv "$SECRETS/settings" "$STATE/settings"
}

refuse_settings() {
  take_settings_back
  die "$@"
}

# Forgets a setting in both its forms: the value and the file.
drop_setting() {
  local base=${1%_FILE}
  sed -i -e "/^MARTLET_${base}=/d" -e "/^MARTLET_${base}_FILE=/d" "$2"
}

# given <KEY>: whether the caller chose it, in either form.
given() { grep -qE "^MARTLET_$1(_FILE)?=" "$STATE/settings" 2>/dev/null; }
