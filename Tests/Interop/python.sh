# shellcheck shell=bash
# python_with_packages: makes .build/interop of requirements.txt, or finds it as it was made; sets PYTHON. Uses HERE and
# NEEDED. When they cannot be had and are not NEEDED, PYTHON is without them and OPTIONS say so.
python_with_packages() {
  local venv="$HERE/../../.build/interop" log
  PYTHON="$venv/bin/python"
  export PYTHONDONTWRITEBYTECODE=1
  cmp -s "$HERE/requirements.txt" "$venv/requirements.txt" && "$PYTHON" -c pass 2>/dev/null && return 0
  log=$(mktemp)
  rm -rf -- "$venv"
  mkdir -p "$(dirname "$venv")"
  if python3 -m venv "$venv" >"$log" 2>&1 &&
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
      -r "$HERE/requirements.txt" >>"$log" 2>&1; then
    cp "$HERE/requirements.txt" "$venv/requirements.txt"
    rm -f -- "$log"
    return 0
  fi
  tail -n 5 "$log"
  rm -f -- "$log"
  echo "interop: the Python packages could not be installed (python3-venv and PyPI are needed)."
  [ "$NEEDED" = no ] || return 1
  echo "interop: SKIPPED: tokens, clients, readme, doors, edges, which need them."
  PYTHON=python3 OPTIONS+=(--without-packages)
}
