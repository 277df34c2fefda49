#!/bin/sh
# Stands for an application that needs its model (OLLAMA_MODEL) at once: asks for it, and ends with 1 when it is not there.

address=${OLLAMA_BASE_URL:-${NOTES_URL:-${OLLAMA_HOST:-}}}
if [ -n "$address" ] && [ -n "${OLLAMA_MODEL:-}" ]; then
  wget -q -O - --post-data "{\"model\": \"$OLLAMA_MODEL\"}" "$address/api/show" >/dev/null || {
    echo "no model $OLLAMA_MODEL at $address" >&2
    exit 1
  }
fi
echo started
trap 'exit 0' TERM INT
while :; do
  sleep 1 &
  wait $!
done
