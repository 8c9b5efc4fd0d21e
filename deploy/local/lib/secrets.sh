# Secrets are made once, lie in files that only their owner reads, and reach the nodes as MARTLET_…_FILE.

# make_secret <name> <command...>: what the command prints becomes the secret, if there is none yet.
make_secret() {
  local file="$SECRETS/$1"
  shift
  [ -s "$file" ] || (umask 077 && "$@" >"$file.new" && mv "$file.new" "$file") || die "the secret $file cannot be made."
}

random_hex() { openssl rand -hex 32; }
first_token_key() { echo "local-1:$(openssl rand -hex 32)"; }

make_secrets() {
  make_secret database_password random_hex
  make_secret token_keys first_token_key
  make_secret refresh_key random_hex
  make_secret database_url postgres_url
}
