# Debian packages: installs what is missing where it may, else names the exact command.

missing_debian() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# need_debian required|optional PACKAGE…
# "optional": the demo goes on without them, on a software gate instead of the native node.
need_debian() {
  local how=$1 missing sudo=()
  shift
  if ! command -v dpkg-query >/dev/null; then
    say "this is not a Debian system; please see to these yourself: $*"
    return 0
  fi
  mapfile -t missing < <(missing_debian "$@")
  [ ${#missing[@]} -eq 0 ] && return 0
  local command="apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
      sudo=(sudo -n)
    elif [ "$how" = optional ]; then
      say "not installed: ${missing[*]}"
      say "the demo will run a software gate; for the real node run: sudo sh -c '$command'"
      return 0
    else
      stop "Debian packages are missing. Run this, then try again: sudo sh -c '$command'"
    fi
  fi
  say "installing Debian packages: ${missing[*]}"
  # A single unreachable extra source must not stop the packages that the others carry: install decides.
  "${sudo[@]}" apt-get -qq update || say "some package lists could not be refreshed"
  if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "${missing[@]}" >"$FACEGATE_CACHE/apt.log" 2>&1; then
    tail -5 "$FACEGATE_CACHE/apt.log" >&2
    [ "$how" = optional ] && { say "the demo will run a software gate"; return 0; }
    stop "apt-get could not install: ${missing[*]}. See $FACEGATE_CACHE/apt.log"
  fi
}
