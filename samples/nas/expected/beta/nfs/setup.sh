#!/bin/sh
# Sets up NFS on host beta for nas-llm.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

host='beta'
name='nas-llm'

usage() {
    cat <<END
usage: sudo sh setup.sh [--check]

Brings the NFS side of host $host in order, from the files in its own folder.
It may run any number of times: what is in order already is left alone.

  --check   change nothing, only say what would change; exit 1 if anything would
  --help    this text

Exit codes: 0 all in order, 1 --check found something to change, 2 failed.
SETUP_ROOT=DIR in the environment puts DIR before the path of each file that is written.
END
}

check=no
for argument in "$@"; do
    case $argument in
        --check) check=yes ;;
        -h | --help) usage; exit 0 ;;
        *) printf 'setup.sh: unknown argument: %s\n' "$argument" >&2; usage >&2; exit 2 ;;
    esac
done

root=${SETUP_ROOT:-}
LC_ALL=C
export LC_ALL
if [ -z "$root" ]; then
    PATH=$PATH:/usr/sbin:/sbin
    export PATH
    if [ "$(id -u)" -ne 0 ]; then
        echo 'setup.sh: run it as root (sudo sh setup.sh)' >&2
        exit 2
    fi
fi
CDPATH='' cd -- "$(dirname -- "$0")" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf -- "$work"' EXIT
trap 'exit 2' HUP INT TERM
changes=0

# What each item says: in order, (would be) changed, failed, or worth knowing.
in_order() { printf 'ok            %s\n' "$1"; }
changed() { printf 'changed       %s\n' "$1"; }
note() { printf 'note          %s\n' "$1"; }
failed() {
    printf 'FAILED        %s\n' "$1" >&2
    exit 2
}

# to_do WHAT: true when it is to be done now; with --check only counts it and says so.
to_do() {
    changes=$((changes + 1))
    [ "$check" = yes ] || return 0
    printf 'would change  %s\n' "$1"
    return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# put_file SOURCE TARGET: replaces the target in one step.
put_file() {
    mkdir -p -- "$(dirname -- "$2")" && cp -- "$1" "$2.new" && chmod 0644 "$2.new" && mv -f -- "$2.new" "$2"
}

# need_package PROGRAM APT DNF ZYPPER PACMAN: the package that holds the program, by the host's package manager.
need_package() {
    if has "$1"; then
        in_order "package: $1 is installed"
        return
    fi
    if has apt-get; then
        if to_do "package $2"; then
            DEBIAN_FRONTEND=noninteractive
            export DEBIAN_FRONTEND
            apt-get install -y -q "$2" || { apt-get update -q && apt-get install -y -q "$2"; } || failed "package $2"
            changed "package $2"
        fi
    elif has dnf; then
        if to_do "package $3"; then
            dnf install -y "$3" || failed "package $3"
            changed "package $3"
        fi
    elif has zypper; then
        if to_do "package $4"; then
            zypper --non-interactive install "$4" || failed "package $4"
            changed "package $4"
        fi
    elif has pacman; then
        if to_do "package $5"; then
            pacman -S --noconfirm --needed "$5" || failed "package $5"
            changed "package $5"
        fi
    else
        failed "package: $1 is missing and no apt-get, dnf, zypper or pacman is here; install it (Debian calls it $2)"
    fi
}

printf '%s\n' "NFS on host $host for $name:"
need_package mount.nfs nfs-common nfs-utils nfs-client nfs-utils

if [ "$changes" -eq 0 ]; then
    echo 'Everything is in order.'
elif [ "$check" = yes ]; then
    printf '%s would change; run it without --check.\n' "$changes"
    exit 1
else
    printf 'Done, %s changed.\n' "$changes"
fi
