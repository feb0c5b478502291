# shellcheck shell=bash
# Sourced by the scripts at the top of the repository.

# shellcheck disable=SC2034  # used by those scripts
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# version_at_least HAVE NEED
version_at_least() { [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]; }

needed_rust() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$root/rust/tokenizers/Cargo.toml"; }

# Whether this cargo runs and is new enough.
is_usable_cargo() {
  local version
  version=$("$1" --version 2>/dev/null | awk '{print $2}') || return 1
  [[ -n "$version" ]] && version_at_least "$version" "$(needed_rust)"
}

# Puts a cargo that is new enough in front of PATH: the one that is there, rustup's, or that of Ubuntu's versioned
# packages, which is in no PATH. cmake/Tokenizers.cmake finds it there. False where there is none.
use_cargo() {
  local cargo
  local -a candidates=()
  if cargo=$(command -v cargo); then candidates+=("$cargo"); fi
  candidates+=("${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo")
  while IFS= read -r cargo; do candidates+=("$cargo"); done < <(printf '%s\n' /usr/lib/rust-*/bin/cargo | sort -rV)
  for cargo in "${candidates[@]}"; do
    if is_usable_cargo "$cargo"; then
      PATH="$(dirname "$cargo"):$PATH"
      export PATH
      return 0
    fi
  done
  return 1
}
