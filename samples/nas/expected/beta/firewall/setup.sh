#!/bin/sh
# Who reaches the ports of the instances on host beta of nas-llm: nobody but the gateway.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

host='beta'
name='nas-llm'
chain='composegen-nas-llm'
unit='composegen-firewall-nas-llm.service'

usage() {
    cat <<END
usage: sudo sh setup.sh [--check] [--rules | --remove]

Lets only the gateway connect to the instances on host $host, whose ports Docker publishes past firewalls such as ufw.
Nothing but rules of its own is touched. It may run any number of times: what is in order already is left alone.

  --check    change nothing, only say what would change; exit 1 if anything would
  --rules    only the rules; at boot $unit does this
  --remove   take everything away again; the ports are open to everybody after that
  --help     this text

Exit codes: 0 all in order, 1 --check found something to change, 2 failed.
SETUP_ROOT=DIR in the environment puts DIR before the path of each file that is read or written.
END
}

check=no
what=all
for argument in "$@"; do
    case $argument in
        --check) check=yes ;;
        --rules) what=rules ;;
        --remove) what=nothing ;;
        -h | --help) usage; exit 0 ;;
        *) printf 'setup.sh: unknown argument: %s\n' "$argument" >&2; usage >&2; exit 2 ;;
    esac
done

script=$(basename -- "$0")
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

installed=$root/usr/local/lib/composegen/firewall-nas-llm.sh
units=$root/etc/systemd/system

# The rules are noted in $work/4 and $work/6, later together in $work/all, one a line:
# VERDICT FAMILY ADDRESS FIRST LAST SOURCE, with - for any.
: >"$work/4"
: >"$work/6"
nameless=

# only SERVICE ADDRESS FIRST LAST [containers] SOURCE...: these ports answer nobody from outside but the sources.
only() {
    address=$2
    ports="$3 $4"
    case $2 in
        *:*) family=6 ;;
        *) family=4 ;;
    esac
    case $2 in
        0.0.0.0 | ::) address=- ;;
    esac
    printf 'note          %s on %s, ports %s to %s: only from' "$1" "$2" "$3" "$4"
    shift 4
    [ $# -gt 0 ] || printf ' this host'
    for source in "$@"; do
        printf ' %s' "$source"
    done
    printf '\n'
    for source in "$@"; do
        let_in "$source"
    done
    printf '%s\n' "refuse $family $address $ports -" >>"$work/$family"
}

# let_in SOURCE: an address, a name, or the containers of this host.
let_in() {
    case $1 in
        containers) let_address docker0; let_address br-+ ;;
        *:*) [ "$family" = 4 ] || let_address "$1" ;;
        *[!0-9.]*) let_name "$1" ;;
        *) [ "$family" = 6 ] || let_address "$1" ;;
    esac
}

let_address() { printf '%s\n' "allow $family $address $ports $1" >>"$work/$family"; }

let_name() {
    found=$(addresses_of "$1")
    [ -n "$found" ] || nameless="$nameless $1"
    for one in $found; do
        let_address "$one"
    done
}

# addresses_of NAME: its addresses of this family. At boot the network may need some time until it knows names.
addresses_of() {
    tries=1
    [ "$what" != rules ] || tries=30
    while :; do
        found=$(getent "ahostsv$family" "$1" | awk '!/::ffff:/ { print $1 }' | sort -u)
        tries=$((tries - 1))
        if [ -n "$found" ] || [ "$tries" -eq 0 ]; then
            printf '%s\n' "$found"
            return
        fi
        sleep 2
    done
}

# marked: gives each line of the input a mark that changes with any of the lines, as its first word. By the marks the
# rules are recognized that are in force: that they are all there, in this order, and none of an earlier version.
marked() {
    cat >"$work/unmarked"
    awk -v mark="$(cksum <"$work/unmarked" | awk '{ print $1 }')" '{ print mark "-" NR, $0 }' "$work/unmarked"
}

marks_of() { awk '{ print $1 }' "$1"; }

# with_iptables FAMILY PROGRAM: the rules of one family in the chain of our own, to which DOCKER-USER leads.
with_iptables() {
    if [ ! -s "$work/$1" ]; then
        without_iptables "$2"
        return
    fi
    has "$2" || failed "$2 is missing; Docker needs it too"
    marked <"$work/$1" >"$work/rules"
    marks_of "$work/rules" >"$work/wanted"
    iptables_marks "$2" >"$work/marks"
    if cmp -s "$work/wanted" "$work/marks"; then
        in_order "$2: chain $chain"
    elif to_do "$2: chain $chain"; then
        iptables_lines <"$work/rules" | "$2-restore" -w --noflush || failed "$2: chain $chain"
        changed "$2: chain $chain"
    fi
    # Docker keeps the chain DOCKER-USER and what is in it; where it does not run yet, it takes up this one.
    # shellcheck disable=SC2086 # several words
    jump "$2" DOCKER-USER $forwarded
    # A port on an IPv6 address may be served by docker-proxy, a program of the host, which no forwarding rule sees.
    # shellcheck disable=SC2086 # several words
    [ "$1" = 4 ] || jump "$2" INPUT $received
}

# Only what asks, never an answer; of what is forwarded only what came to a published port.
forwarded='-p tcp -m conntrack --ctstate DNAT --ctdir ORIGINAL'
received='! -i lo -p tcp -m conntrack --ctdir ORIGINAL'

# jump PROGRAM CHAIN MATCH...: the way into our chain, before anything else in CHAIN.
jump() {
    program=$1
    from=$2
    shift 2
    if "$program" -w -C "$from" "$@" -j "$chain" 2>/dev/null; then
        in_order "$program: $from leads to $chain"
    elif to_do "$program: $from leads to $chain"; then
        "$program" -w -n -L "$from" >/dev/null 2>&1 || "$program" -w -N "$from" || failed "$program: chain $from"
        "$program" -w -I "$from" 1 "$@" -j "$chain" || failed "$program: $from leads to $chain"
        changed "$program: $from leads to $chain"
    fi
}

# iptables_marks PROGRAM: the marks of the rules in force; a rule without one counts as well.
iptables_marks() {
    "$1" -w -S "$chain" 2>/dev/null | awk '
        $1 == "-A" {
            mark = "none"
            for (i = 1; i < NF; i++) if ($i == "--comment") mark = $(i + 1)
            gsub(/"/, "", mark)
            print mark
        }'
}

# iptables_lines: what iptables-restore reads; our chain is emptied and filled in one step.
iptables_lines() {
    echo '*filter'
    printf ':%s - [0:0]\n' "$chain"
    awk -v chain="$chain" '
        {
            match_ = "-p tcp -m conntrack"
            if ($4 != "-") match_ = match_ " --ctorigdst " $4
            match_ = match_ " --ctorigdstport " ($5 == $6 ? $5 : $5 ":" $6) " --ctdir ORIGINAL"
            from = ""
            if ($7 ~ /^(docker0|br-[+])$/) from = "-i " $7 " "
            else if ($7 != "-") from = "-s " $7 " "
            verdict = $2 == "allow" ? "RETURN" : "REJECT --reject-with tcp-reset"
            print "-A " chain " " from match_ " -m comment --comment " $1 " -j " verdict
        }'
    echo COMMIT
}

# without_iptables PROGRAM: takes away the chain of our own, and the ways into it.
without_iptables() {
    if ! has "$1" || ! "$1" -w -n -L "$chain" >/dev/null 2>&1; then
        return
    fi
    if to_do "$1: chain $chain goes"; then
        # shellcheck disable=SC2086 # several words
        while "$1" -w -D DOCKER-USER $forwarded -j "$chain" 2>/dev/null; do :; done
        # shellcheck disable=SC2086 # several words
        while "$1" -w -D INPUT $received -j "$chain" 2>/dev/null; do :; done
        if ! "$1" -w -F "$chain" || ! "$1" -w -X "$chain"; then
            failed "$1: chain $chain cannot be removed"
        fi
        changed "$1: chain $chain is gone"
    fi
}

# with_nftables: a table of our own. Where Docker uses nftables itself it has no chain for others, and needs none: what
# one table refuses, no other can let through.
with_nftables() {
    has nft || failed 'nft is missing; install it (Debian calls it nftables)'
    marked <"$work/all" >"$work/rules"
    marks_of "$work/rules" >"$work/wanted"
    nft list table inet "$chain" 2>/dev/null | sed -n 's/.*comment "\([^"]*\)".*/\1/p' >"$work/marks"
    if cmp -s "$work/wanted" "$work/marks"; then
        in_order "nftables: table inet $chain"
    elif to_do "nftables: table inet $chain"; then
        nftables_lines <"$work/rules" >"$work/nft"
        nft -f "$work/nft" || failed "nftables: table inet $chain"
        changed "nftables: table inet $chain"
    fi
}

# nftables_lines: what nft reads; our table is replaced in one step. That one rule is enough to refuse makes the order
# of the chains at one hook a matter of taste: ours comes before the usual ones.
nftables_lines() {
    printf 'table inet %s\ndelete table inet %s\ntable inet %s {\n' "$chain" "$chain" "$chain"
    echo 'chain instances {'
    awk '
        {
            ip = $3 == 6 ? "ip6" : "ip"
            line = "ct original proto-dst " ($5 == $6 ? $5 : $5 "-" $6)
            if ($4 != "-") line = "ct original " ip " daddr " $4 " " line
            if ($7 == "docker0") line = "iifname \"docker0\" " line
            else if ($7 == "br-+") line = "iifname \"br-*\" " line
            else if ($7 != "-") line = ip " saddr " $7 " " line
            print "meta nfproto ipv" $3 " meta l4proto tcp " line ($2 == "allow" ? " return" : " reject with tcp reset") " comment \"" $1 "\""
        }'
    echo '}'
    echo 'chain forward { type filter hook forward priority -10; ct direction original ct status dnat jump instances; }'
    echo 'chain input { type filter hook input priority -10; iifname != "lo" meta nfproto ipv6 ct direction original jump instances; }'
    echo '}'
}

without_nftables() {
    if ! has nft || ! nft list table inet "$chain" >/dev/null 2>&1; then
        return
    fi
    if to_do "nftables: table inet $chain goes"; then
        nft delete table inet "$chain" || failed "nftables: table inet $chain cannot be removed"
        changed "nftables: table inet $chain is gone"
    fi
}

# install_unit: the unit, and the copy of this script that it runs: whoever may write here must not become root by it.
install_unit() {
    keep "$script" "$installed"
    keep "$unit" "$units/$unit"
    if ! has_systemd; then
        note "no systemd here: see to it that sh $installed --rules runs at boot, before Docker starts"
    elif systemctl --quiet is-enabled "$unit" 2>/dev/null; then
        in_order "service $unit: at every boot"
    elif to_do "service $unit: at every boot"; then
        systemctl enable "$unit" || failed "service $unit"
        changed "service $unit: at every boot"
    fi
}

has_systemd() { has systemctl && [ -d "$root/run/systemd/system" ]; }

# keep SOURCE TARGET
keep() {
    if cmp -s -- "$1" "$2"; then
        in_order "${2#"$root"}"
    elif to_do "${2#"$root"}"; then
        put_file "$1" "$2" || failed "${2#"$root"}"
        reload_systemd
        changed "${2#"$root"}"
    fi
}

reload_systemd() {
    if has_systemd; then
        systemctl daemon-reload || failed 'systemctl daemon-reload'
    fi
}

remove_unit() {
    if [ ! -e "$installed" ] && [ ! -e "$units/$unit" ]; then
        return
    fi
    if to_do "service $unit goes"; then
        if has_systemd; then
            systemctl disable "$unit" || failed "service $unit"
        fi
        rm -f -- "$units/$unit" "$installed" || failed "service $unit"
        reload_systemd
        changed "service $unit is gone"
    fi
}

# backend: by what Docker filters. At boot Docker cannot be asked, as it starts after this.
backend() {
    if [ -f "$root/etc/docker/daemon.json" ] &&
        grep -q '"firewall-backend"[[:space:]]*:[[:space:]]*"nftables"' "$root/etc/docker/daemon.json"; then
        echo nftables
    else
        echo iptables
    fi
}

# docker_agrees BACKEND: a running Docker is asked whether it filters by what its configuration says.
docker_agrees() {
    if ! has docker; then
        return
    fi
    actual=$(docker info --format '{{json .}}' 2>/dev/null |
        sed -n 's/.*"FirewallBackend":{"Driver":"\([a-z]*\).*/\1/p')
    case $actual in
        '' | "$1") ;;
        *) failed "Docker filters by $actual, but /etc/docker/daemon.json makes one expect $1; state \"firewall-backend\": \"$actual\" there" ;;
    esac
}

# set_rules: what is wanted goes where Docker filters, and nothing stays in the other place.
set_rules() {
    if [ "$(backend)" = nftables ]; then
        [ "$what" = rules ] || docker_agrees nftables
        without_iptables iptables
        without_iptables ip6tables
        with_nftables
    else
        [ "$what" = rules ] || docker_agrees iptables
        without_nftables
        with_iptables 4 iptables
        with_iptables 6 ip6tables
    fi
}

remove_rules() {
    without_iptables iptables
    without_iptables ip6tables
    without_nftables
}

printf '%s\n' "Firewall on host $host for $name:"
if [ "$what" != nothing ]; then
    only ollama 10.0.0.12 11434 11435 10.0.0.11
fi
cat "$work/4" "$work/6" >"$work/all"
if [ ! -s "$work/all" ]; then
    remove_unit
    remove_rules
elif [ "$what" = rules ]; then
    set_rules
else
    install_unit
    set_rules
fi

if [ -n "$nameless" ]; then
    failed "these names have no address here, so only this host reaches the ports:$nameless"
elif [ "$changes" -eq 0 ]; then
    echo 'Everything is in order.'
elif [ "$check" = yes ]; then
    printf '%s would change; run it without --check.\n' "$changes"
    exit 1
else
    printf 'Done, %s changed.\n' "$changes"
fi
