#!/bin/sh
# Sets up NFS on host server80 for ollama.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

host='server80'
name='ollama'

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

# store_folder PATH: the folder as Ollama expects it; a reader cannot start while `blobs` or `manifests` is missing.
store_folder() {
    if [ -d "$root$1/blobs" ] && [ -f "$root$1/manifests/.keep" ]; then
        in_order "store folder $1"
    elif to_do "store folder $1"; then
        mkdir -p -- "$root$1/blobs" "$root$1/manifests" || failed "store folder $1"
        : >>"$root$1/manifests/.keep" || failed "store folder $1"
        changed "store folder $1"
    fi
}

# export_file NAME: the exports file of this folder, in force. When exportfs refuses it, it is as it was before, so that
# the next run tries again, and who was let in stays so.
export_file() {
    target=$root/etc/exports.d/$1
    if cmp -s -- "$1" "$target"; then
        in_order "exports /etc/exports.d/$1"
    elif to_do "exports /etc/exports.d/$1"; then
        [ ! -f "$target" ] || cp -- "$target" "$work/$1" || failed "exports /etc/exports.d/$1"
        put_file "$1" "$target" || failed "exports /etc/exports.d/$1"
        if ! exportfs -ra; then
            unexport "$1" ||
                failed "exportfs -ra refused the exports, and those of before cannot be put back: remove $target, then run this again"
            failed "exportfs -ra refused the exports; /etc/exports.d/$1 is again as it was before"
        fi
        changed "exports /etc/exports.d/$1"
    fi
}

# unexport NAME: the exports file as it was before. Fails when it cannot be put back.
unexport() {
    if [ -f "$work/$1" ]; then
        put_file "$work/$1" "$target" || return 1
    else
        rm -f -- "$target" || return 1
    fi
    exportfs -ra 2>/dev/null || :
}

server_unit() {
    if ! has systemctl; then
        note 'no systemctl here: see to it that the NFS server runs, also after a reboot'
    elif systemctl --quiet is-enabled nfs-server 2>/dev/null && systemctl --quiet is-active nfs-server; then
        in_order 'service nfs-server runs'
    elif to_do 'service nfs-server: enable and start'; then
        systemctl enable --now nfs-server || failed 'service nfs-server'
        changed 'service nfs-server runs'
    fi
}

# firewall ADDRESS...: 2049/tcp from each client, in the firewall that is active. NFSv4 needs no other port.
firewall() {
    if has ufw && ufw status | grep -q '^Status: active'; then
        for address in "$@"; do
            firewall_ufw "$address"
        done
    elif has firewall-cmd && firewall-cmd --quiet --state 2>/dev/null; then
        for address in "$@"; do
            firewall_firewalld "$address"
        done
    else
        note "firewall: neither ufw nor firewalld is active; rules of your own must let 2049/tcp in from: $*"
    fi
}

# is_name ADDRESS: firewalls know addresses only.
is_name() {
    case $1 in
        *:*) return 1 ;;
        *[!0-9.]*) note "firewall: $1 is a name; open 2049/tcp for its address by hand" ;;
        *) return 1 ;;
    esac
}

firewall_ufw() {
    if is_name "$1"; then
        return
    fi
    if ufw status | awk -v address="$1" '
        $1 == "2049/tcp" { for (i = 2; i <= NF && $i != "#"; i++) if ($i == address && / ALLOW /) found = 1 }
        END { exit !found }'; then
        in_order "firewall (ufw): 2049/tcp from $1"
    elif to_do "firewall (ufw): 2049/tcp from $1"; then
        ufw allow proto tcp from "$1" to any port 2049 comment "NFS for $name" || failed "firewall (ufw): $1"
        changed "firewall (ufw): 2049/tcp from $1"
    fi
}

firewall_firewalld() {
    if is_name "$1"; then
        return
    fi
    case $1 in
        *:*) family=ipv6 ;;
        *) family=ipv4 ;;
    esac
    rule="rule family=\"$family\" source address=\"$1\" port port=\"2049\" protocol=\"tcp\" accept"
    if firewall-cmd --quiet --query-rich-rule="$rule" &&
        firewall-cmd --quiet --permanent --query-rich-rule="$rule"; then
        in_order "firewall (firewalld): 2049/tcp from $1"
    elif to_do "firewall (firewalld): 2049/tcp from $1"; then
        firewall-cmd --quiet --add-rich-rule="$rule" || failed "firewall (firewalld): $1"
        firewall-cmd --quiet --permanent --add-rich-rule="$rule" || failed "firewall (firewalld), permanent: $1"
        changed "firewall (firewalld): 2049/tcp from $1"
    fi
}

printf '%s\n' "NFS on host $host for $name:"
need_package exportfs nfs-kernel-server nfs-utils nfs-kernel-server nfs-utils
store_folder /opt/ollama-models
export_file ollama-models.exports
server_unit
firewall 10.0.0.84

if [ "$changes" -eq 0 ]; then
    echo 'Everything is in order.'
elif [ "$check" = yes ]; then
    printf '%s would change; run it without --check.\n' "$changes"
    exit 1
else
    printf 'Done, %s changed.\n' "$changes"
fi
