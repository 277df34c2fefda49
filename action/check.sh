#!/bin/bash
# Annotations for every finding, and for every committed file that is not what render would write.
set -euo pipefail

arguments=(check --format github)
if [ -n "$OUTPUT" ]; then arguments+=(--output "$OUTPUT"); fi
if [ "$STRICT" = true ]; then arguments+=(--strict); fi
"$RUNNER_TEMP/composegen/bin/composegen" "${arguments[@]}" -- "$TOPOLOGY"
