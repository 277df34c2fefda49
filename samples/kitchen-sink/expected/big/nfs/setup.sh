#!/bin/sh
# Sets up NFS on host big for kitchen_sink.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

host='big'
name='kitchen_sink'

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

reload_systemd() {
    if has systemctl; then
        systemctl daemon-reload
    fi
}

mount_point() {
    if [ -d "$root$1" ]; then
        in_order "mount point $1"
    elif to_do "mount point $1"; then
        mkdir -p -- "$root$1" || failed "mount point $1"
        changed "mount point $1"
    fi
}

# fstab_lines: the lines of ./fstab between two markers in /etc/fstab; every other line stays as it is.
fstab_lines() {
    table=$root/etc/fstab
    [ -f "$table" ] || table=/dev/null
    marker="# composegen $name:" awk '
        BEGIN { first = ENVIRON["marker"] " begin"; last = ENVIRON["marker"] " end" }
        function block(  i) {
            print first
            for (i = 1; i <= lines; i++) print line[i]
            print last
            written = 1
        }
        function folder(text) {
            if (length(text) > 1) sub(/\/+$/, "", text)
            return text
        }
        FNR == NR { line[++lines] = $0; if ($0 !~ /^[ \t]*(#|$)/) ours[folder($2)] = 1; next }
        $0 == first { inside = 1; if (!written) block(); next }
        $0 == last && inside { inside = 0; next }
        inside { next }
        $0 !~ /^[ \t]*(#|$)/ && folder($2) in ours {
            print "line " FNR " of /etc/fstab already mounts " $2 ": " $0 | "cat >&2"
            wrong = 1
        }
        { print }
        END {
            if (inside) { print "/etc/fstab has \"" first "\" but not \"" last "\"" | "cat >&2"; wrong = 1 }
            if (!written) block()
            exit wrong
        }' fstab "$table" >"$work/fstab" ||
        failed '/etc/fstab is left as it is; put the line above right, then run this again'
    if cmp -s -- "$work/fstab" "$table"; then
        in_order '/etc/fstab'
    elif to_do '/etc/fstab'; then
        table=$root/etc/fstab
        mkdir -p -- "$root/etc"
        if [ -f "$table" ]; then
            cp -p -- "$table" "$table.new" || failed '/etc/fstab'
        fi
        cat <"$work/fstab" >"$table.new" || failed '/etc/fstab'
        mv -f -- "$table.new" "$table" || failed '/etc/fstab'
        reload_systemd || failed 'systemctl daemon-reload'
        changed '/etc/fstab'
    fi
}

# mounted SOURCE MOUNTPOINT MODE: really that export, not the empty folder below it.
mounted() {
    actual=$(findmnt -n -o SOURCE -M "$2" 2>/dev/null | tail -n 1)
    if [ -n "$actual" ] && [ "$actual" != "$1" ]; then
        failed "$2: $actual is mounted there instead of $1; stop what uses it, umount it, then run this again"
    fi
    if [ -z "$actual" ]; then
        if to_do "mount $1 on $2"; then
            timeout 120 mount "$2" || failed "mount $1 on $2: does the server run, and does it export to this host?"
            confirm_mount "$1" "$2"
            changed "mount $1 on $2"
        fi
        return
    fi
    case $(findmnt -n -o OPTIONS -M "$2" | tail -n 1) in
        "$3" | "$3",*) in_order "mount $1 on $2 ($3)" ;;
        *)
            if to_do "mount $2 again as $3"; then
                timeout 120 mount -o "remount,$3" "$2" || failed "mount $2 again as $3"
                changed "mount $2 again as $3"
            fi
            ;;
    esac
}

# With `bg` mount may end well and go on trying in the background.
confirm_mount() {
    for second in 1 2 3 4 5 6 7 8 9 10; do
        if [ "$(findmnt -n -o SOURCE -M "$2" | tail -n 1)" = "$1" ]; then
            return
        fi
        [ "$second" -eq 10 ] || sleep 1
    done
    failed "mount $1 on $2: not there yet, $1 does not answer; it is tried again in the background"
}

drop_in() {
    target=$root/etc/systemd/system/docker.service.d/$name-$1
    if cmp -s -- "$1" "$target"; then
        in_order "drop-in docker.service.d/$name-$1"
    elif to_do "drop-in docker.service.d/$name-$1"; then
        put_file "$1" "$target" || failed "drop-in docker.service.d/$name-$1"
        if ! reload_systemd; then
            rm -f -- "$target"
            failed "drop-in docker.service.d/$name-$1: systemctl daemon-reload"
        fi
        changed "drop-in docker.service.d/$name-$1"
    fi
}

printf '%s\n' "NFS on host $host for $name:"
need_package mount.nfs nfs-common nfs-utils nfs-client nfs-utils
mount_point /mnt/models
fstab_lines
mounted gate.example:/srv/models /mnt/models rw
drop_in docker-needs-pool.conf

if [ "$changes" -eq 0 ]; then
    echo 'Everything is in order.'
elif [ "$check" = yes ]; then
    printf '%s would change; run it without --check.\n' "$changes"
    exit 1
else
    printf 'Done, %s changed.\n' "$changes"
fi
