#!/bin/bash
# Every finding for people, in the log; check.sh says the same to GitHub, as annotations.
set -euo pipefail

arguments=(validate)
if [ "$STRICT" = true ]; then arguments+=(--strict); fi
"$RUNNER_TEMP/composegen/bin/composegen" "${arguments[@]}" -- "$TOPOLOGY"
