# Where everything lies, and how the scripts speak. Sourced from the repository's root.
export FACEGATE_CACHE=${FACEGATE_CACHE:-$PWD/.cache}
export FACEGATE_MODELS=${FACEGATE_MODELS:-$FACEGATE_CACHE/models}
export FACEGATE_PEOPLE=${FACEGATE_PEOPLE:-$FACEGATE_CACHE/people}
export UV_PROJECT_ENVIRONMENT=$FACEGATE_CACHE/environments/product
# A private interpreter must not be mixed with whatever the caller has on its path.
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONDONTWRITEBYTECODE=${PYTHONDONTWRITEBYTECODE-}

product_python=$FACEGATE_CACHE/environments/product/bin/python
esphome_python=$FACEGATE_CACHE/environments/esphome/bin/python
home_assistant_python=$FACEGATE_CACHE/environments/home-assistant/bin/python
export FACEGATE_ESPHOME_PYTHON=$esphome_python
export FACEGATE_HOME_ASSISTANT_PYTHON=$home_assistant_python

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
stop() { printf 'FaceGate: %s\n' "$*" >&2; exit 1; }
