#!/bin/sh
# Like that of the official image: a first argument that is a command or an option of Traefik goes to Traefik.
set -e

case ${1-} in
  '' | -*) set -- traefik "$@" ;;
  traefik) ;;
  *) if traefik "$1" --help >/dev/null 2>&1; then set -- traefik "$@"; fi ;;
esac
exec "$@"
