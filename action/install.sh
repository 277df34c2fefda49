#!/bin/bash
# Installs the composegen that came with this action, away from the repository and from its Python.
set -euo pipefail

"$PYTHON" -m venv "$RUNNER_TEMP/composegen"
"$RUNNER_TEMP/composegen/bin/python" -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
"$RUNNER_TEMP/composegen/bin/composegen" --version
