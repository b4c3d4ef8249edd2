# Python and its environments: uv, an interpreter, and one locked environment a purpose.
python_wanted=3.14
uv=

need_uv() {
  if command -v uv >/dev/null; then
    uv=$(command -v uv)
  else
    uv=$FACEGATE_CACHE/uv/bin/uv
    if [ ! -x "$uv" ]; then
      say "installing uv"
      command -v python3 >/dev/null || stop "Python 3 is missing. Install python3 with pip, then try again."
      python3 -m pip install -q --upgrade --target "$FACEGATE_CACHE/uv" uv ||
        stop "uv could not be installed with pip. Install uv (or pip), then try again."
    fi
  fi
}

# A Python that is here, else uv's own download, else Debian's packages unpacked into the cache.
python=
need_python() {
  local wanted=">=3.14.2,<3.15" debian=$FACEGATE_CACHE/python/usr/bin/python$python_wanted suite
  find_python() { "$uv" python find --no-python-downloads "$wanted" 2>/dev/null; }
  python=$(find_python || true)
  [ -z "$python" ] && [ -x "$debian" ] && python=$debian
  if [ -z "$python" ]; then
    say "fetching Python $python_wanted"
    if UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=60 timeout 300 "$uv" python install -q "$python_wanted" 2>"$FACEGATE_CACHE/uv-python.log"; then
      python=$(find_python || true)
    fi
  fi
  if [ -z "$python" ]; then
    say "uv cannot download one here; unpacking Debian's"
    for suite in sid forky; do
      scripts/lib/python_from_debian "$FACEGATE_CACHE/python" "$python_wanted" "$suite" && python=$debian && break
    done
  fi
  [ -n "$python" ] || stop "no Python $wanted could be had. Install it, then try again."
}

# need_environment NAME "INPUT FILES" INSTALLER: runs INSTALLER when an input or the interpreter has changed.
need_environment() {
  local name=$1 stamp=$FACEGATE_CACHE/environments/$1.stamp state
  # shellcheck disable=SC2086
  state=$(cat $2 scripts/lib/python.sh | sha256sum)" $python"
  if [ -x "$FACEGATE_CACHE/environments/$name/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    return 0
  fi
  say "building the environment '$name'"
  mkdir -p "$FACEGATE_CACHE/environments"
  rm -f "$stamp"
  "$3" "$FACEGATE_CACHE/environments/$name"
  printf '%s' "$state" >"$stamp"
}

install_product() {
  "$uv" sync --project addon --locked --quiet --python "$python" --extra demo --group test ||
    stop "the locked environment could not be installed; the lines above say why."
}

install_esphome() {
  "$uv" venv --quiet --clear --python "$python" "$1"
  "$uv" pip install --quiet --python "$1/bin/python" -r scripts/lib/esphome.txt
}

install_home_assistant() {
  local requirements
  "$uv" venv --quiet --clear --python "$python" "$1"
  "$uv" pip install --quiet --python "$1/bin/python" -r scripts/lib/home-assistant.txt
  requirements=$FACEGATE_CACHE/home-assistant-requirements.txt
  "$1/bin/python" scripts/lib/home_assistant_requirements.py >"$requirements"
  "$uv" pip install --quiet --python "$1/bin/python" \
    -c "$("$1/bin/python" -c 'import homeassistant, pathlib; print(pathlib.Path(homeassistant.__file__).with_name("package_constraints.txt"))')" \
    -r "$requirements"
}

fetch_models_and_people() {
  [ -e "$FACEGATE_MODELS/sface.onnx" ] || say "fetching the models (40 MB) and the demo's people, each verified by its hash"
  "$product_python" -m facegate.cli models fetch --quiet
  "$product_python" -m facegate.cli people fetch --quiet
}
