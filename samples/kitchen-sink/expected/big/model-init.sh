#!/bin/sh
# Brings models into an Ollama store through its server, or waits until they are there; runs in the ollama image.
# Written by composegen from the topology of kitchen_sink. Do not edit: change the topology and render again
# (`composegen render`). The models are arguments, see the containers that mount this file in compose.yaml.
#
# Ends with 0 when every model is there, 1 when some could not be brought, 2 when it was called wrongly,
# 3 when the server did not answer or the deadline passed.

set -u

PROGRAM=model-init
STORE=${MODEL_INIT_STORE:-/models}             # mounted read-only, only to see how much room is left
STATE=${MODEL_INIT_STATE:-/var/tmp/model-init} # in the container's own layer: gone when the container is recreated
PAUSE=${MODEL_INIT_PAUSE:-5}                   # seconds before the second attempt; doubled each time, 60 at most

usage() {
    cat <<'USAGE'
usage: model-init.sh [--attempts N] [--deadline SECONDS] [--pull missing|always|never] MODEL...

  --attempts N              how often each model is tried (default 5)
  --deadline SECONDS        give up that long after the start (default 7200)
  --pull missing            ask a registry only for models that are not there (default)
  --pull always             ask for each model, which follows tags that have moved
  --pull never              only wait until every model is there

Each MODEL is one of these, optionally after `--need KIB`, the room that it takes in the store:
  --model NAME              pulled
  --insecure-model NAME     pulled over plain http
  --create NAME MODELFILE   built from a Modelfile

OLLAMA_HOST says which server: http://HOST:PORT.
USAGE
}

say() {
    printf '%s: %s\n' "$PROGRAM" "$*"
}

complain() {
    printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

wrong_usage() {
    complain "$1"
    usage >&2
    exit 2
}

is_number() {
    case $1 in
        '' | *[!0-9]*) return 1 ;;
    esac
}

now() {
    date +%s
}

# Seconds until the deadline; not above 0 when it has passed.
remaining() {
    echo $((deadline - $(now)))
}

is_over() {
    [ "$(remaining)" -le 0 ]
}

# Runs a command with a time limit in seconds, its output in the file $log. It runs in the background because a shell
# handles a signal only between commands, and `docker stop` must not wait for a pull.
bounded() {
    limit=$1
    shift
    [ "$limit" -gt 0 ] || return 124
    timeout "$limit" "$@" >"$log" 2>&1 </dev/null &
    running=$!
    wait "$running"
    result=$?
    running=
    return "$result"
}

# The seconds that something may take: those given, or fewer when the deadline comes first.
at_most() {
    left=$(remaining)
    if [ "$left" -lt "$1" ]; then echo "$left"; else echo "$1"; fi
}

rest() {
    seconds=$(at_most "$1")
    [ "$seconds" -gt 0 ] || return 0
    sleep "$seconds" &
    running=$!
    wait "$running"
    running=
}

is_there() {
    bounded "$(at_most 60)" ollama show "$1"
}

# The last lines of what a command said, without the control sequences of a progress bar.
last_words() {
    escape=$(printf '\033')
    tr '\r' '\n' <"$log" | sed "s/$escape\\[[0-9;?]*[A-Za-z]//g" | grep -v '^[[:space:]]*$' | tail -n 3
}

# Does one thing (count, bring, await) to each model of the command line.
for_each() {
    action=$1
    shift
    need=0
    while [ $# -gt 0 ]; do
        case $1 in
            --need) need=$2; shift 2 ;;
            --model) visit pull "$2" '' "$need"; need=0; shift 2 ;;
            --insecure-model) visit insecure "$2" '' "$need"; need=0; shift 2 ;;
            --create) visit create "$2" "$3" "$need"; need=0; shift 3 ;;
            *) shift 2 ;;
        esac
    done
}

# KIND NAME MODELFILE NEED of a model, to the function of the action.
visit() {
    case $action in
        count) count_need "$@" ;;
        bring) bring "$@" ;;
        await) await "$@" ;;
    esac
}

# ---------------------------------------------------------------- the command line

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help)
                usage
                exit 0
                ;;
            --attempts | --deadline | --need)
                [ $# -ge 2 ] || wrong_usage "$1 needs a value"
                is_number "$2" || wrong_usage "$1 needs a whole number, not '$2'"
                [ "$1" != --attempts ] || attempts=$2
                [ "$1" != --deadline ] || allowed=$2
                shift 2
                ;;
            --pull)
                [ $# -ge 2 ] || wrong_usage "$1 needs a value"
                case $2 in
                    missing | always | never) policy=$2 ;;
                    *) wrong_usage "--pull is one of missing, always, never, not '$2'" ;;
                esac
                shift 2
                ;;
            --model | --insecure-model)
                [ $# -ge 2 ] && [ -n "$2" ] || wrong_usage "$1 needs the name of a model"
                models=$((models + 1))
                shift 2
                ;;
            --create)
                [ $# -ge 3 ] && [ -n "$2" ] || wrong_usage "$1 needs the name of a model and a Modelfile"
                models=$((models + 1))
                shift 3
                ;;
            *) wrong_usage "unknown argument '$1'" ;;
        esac
    done
    [ "$attempts" -gt 0 ] || wrong_usage "--attempts must be at least 1"
    [ "$models" -gt 0 ] || wrong_usage "no model is named"
}

# ---------------------------------------------------------------- the server

wait_for_server() {
    until bounded "$(at_most 10)" ollama ps; do
        if is_over; then
            complain "no answer from the server at $server within $allowed s:"
            last_words >&2
            complain "is its container running and healthy (docker compose ps), and is the address right?"
            exit 3
        fi
        rest "$((PAUSE < 2 ? PAUSE : 2))"
    done
}

# ---------------------------------------------------------------- room in the store

count_need() {
    if [ "$4" -gt 0 ] && ! is_there "$2"; then
        wanted=$((wanted + $4))
        lacking="$lacking $2"
    fi
}

# What interrupted pulls have left is used by the next one, so it counts as room.
half_pulled() {
    sizes=$(du -ck "$STORE"/blobs/*-partial 2>/dev/null | tail -n 1)
    sizes=${sizes%%[!0-9]*}
    echo "${sizes:-0}"
}

check_room() {
    [ -d "$STORE" ] || return 0
    wanted=0
    lacking=
    for_each count "$@"
    [ "$wanted" -gt 0 ] || return 0
    free=$(df -Pk "$STORE" | tail -n 1 | sed 's/.* \([0-9]\{1,\}\) \{1,\}[0-9]\{1,\}% .*/\1/')
    is_number "$free" || return 0
    free=$((free + $(half_pulled)))
    [ "$free" -lt "$wanted" ] || return 0
    complain "the model store has room for $((free / 1024)) MiB, but these models need $((wanted / 1024)) MiB:$lacking"
    complain "make room on the file system of the store (docker compose exec ... df -h $STORE), or name fewer models"
    exit 1
}

# ---------------------------------------------------------------- one model

# What to do about the words of a failed command; the second argument is the model.
advise() {
    case $1 in
        *'no space left'*)
            complain "$2: the disk of the model store is full: remove models (ollama rm) or give the store more room" ;;
        *'invalid model name'*)
            complain "$2: not a name that Ollama can read: check it, and FROM in its Modelfile, against [REGISTRY/][NAMESPACE/]MODEL[:TAG]" ;;
        *'command must be one of'* | *'no FROM line'* | *'message role must be'*)
            complain "$2: Ollama cannot read its Modelfile: correct it beside the topology and render again" ;;
        *x509* | *'failed to verify certificate'*)
            complain "$2: the server does not trust the registry's certificate: check the registry's name and the host's clock, or use an image that knows the authority (update-ca-certificates)" ;;
        *'server gave HTTP response to HTTPS client'*)
            complain "$2: this registry speaks plain http: set 'insecure: true' at the model" ;;
        *'file does not exist'* | *'manifest unknown'* | *'not found'*)
            complain "$2: the registry knows no such model: check its name and tag" ;;
        *'nauthorized'* | *'access denied'* | *'forbidden'*)
            complain "$2: the registry refuses access: Ollama can only use registries without a password" ;;
        *'no Location header'*)
            complain "$2: this registry sends blobs itself, Ollama wants a redirect to another host name" ;;
        *'read-only file system'*)
            complain "$2: the server at $server mounts the store read-only: it must be the one that writes" ;;
        *'could not connect to ollama'*)
            complain "$2: the server at $server is gone: look at its log (docker compose logs)" ;;
        *'no such host'* | *'connection refused'* | *'i/o timeout'* | *'dial tcp'* | *'unreachable'* | *'TLS handshake'* | *'deadline exceeded'*)
            complain "$2: the server cannot reach the registry: check its network, DNS and HTTPS_PROXY" ;;
    esac
}

# Whether another attempt cannot help.
is_final() {
    case $1 in
        *'could not connect'*) return 1 ;;
        *'pull model manifest: file does not exist'* | *'manifest unknown'*) return 0 ;;
        *'server gave HTTP response to HTTPS client'* | *'read-only file system'*) return 0 ;;
        *'no space left'* | *'invalid model name'* | *x509* | *'failed to verify certificate'*) return 0 ;;
        *'command must be one of'* | *'no FROM line'* | *'message role must be'*) return 0 ;;
    esac
    return 1
}

# A mark in the container's own layer says that this very container has built the model from this very Modelfile, with
# files beside it of these names, sizes and dates: to read all of a large file takes too long.
mark_of() {
    echo "$STATE/$(printf '%s' "$1" | cksum | tr ' ' -)"
}

source_of() {
    cksum <"$1"
    if [ -d "${1%/*}/files" ]; then
        find -L "${1%/*}/files" -type f -exec stat -L -c '%n %s %Y' {} + 2>/dev/null | sort | cksum
    fi
}

is_built() {
    [ "$(cat "$(mark_of "$1")" 2>/dev/null)" = "$(source_of "$2")" ]
}

mark_built() {
    mkdir -p "$STATE" 2>/dev/null && source_of "$2" >"$(mark_of "$1")" 2>/dev/null
    return 0
}

# Built in the folder of the Modelfile, to which the paths in it are relative. The base of a model is pulled by the
# server only when it is not there, and layers that are there are used again.
build() {
    limit=$(remaining)
    [ "$limit" -gt 0 ] || return 124
    (cd "${2%/*}" && exec timeout "$limit" ollama create "$1" -f "$2") >"$log" 2>&1 </dev/null &
    running=$!
    wait "$running"
    result=$?
    running=
    return "$result"
}

fetch() {
    case $1 in
        pull) bounded "$(remaining)" ollama pull "$2" ;;
        insecure) bounded "$(remaining)" ollama pull --insecure "$2" ;;
        create) build "$2" "$3" ;;
    esac
}

# Tries a model until it is there, the attempts are used up or the deadline has passed.
insist() {
    attempt=1
    pause=$PAUSE
    while :; do
        if fetch "$@" && is_there "$2"; then
            return 0
        fi
        words=$(last_words)
        [ -z "$words" ] || printf '%s\n' "$words" | sed 's/^/    /' >&2
        advise "$words" "$2"
        if [ "$attempt" -ge "$attempts" ] || is_final "$words"; then
            complain "$2: given up after $attempt of $attempts attempts"
            return 1
        fi
        say "$2: attempt $attempt of $attempts failed, the next one in $pause s"
        rest "$pause"
        if is_over; then
            complain "$2: the deadline of $allowed s has passed"
            return 1
        fi
        attempt=$((attempt + 1))
        pause=$((pause * 2 > 60 ? 60 : pause * 2))
    done
}

record() {
    summary="$summary$(printf '  %-48s %-12s %5s s' "$1" "$2" "$3")
"
}

bring() {
    begun=$(now)
    if is_over; then
        record "$2" 'not tried' 0
        failed=$((failed + 1))
        return
    fi
    if [ "$1" = create ] && [ ! -r "$3" ]; then
        complain "$2: there is no Modelfile $3 in this container: is it mounted?"
        record "$2" failed 0
        failed=$((failed + 1))
        return
    fi
    if [ "$policy" = missing ] && is_there "$2"; then
        if [ "$1" != create ] || is_built "$2" "$3"; then
            say "$2: is there"
            record "$2" 'was there' "$(($(now) - begun))"
            return
        fi
    fi
    case $1 in
        create) say "$2: building it from $3" ;;
        *) say "$2: pulling it" ;;
    esac
    if insist "$@"; then
        [ "$1" != create ] || mark_built "$2" "$3"
        say "$2: done after $(($(now) - begun)) s"
        case $1 in
            create) record "$2" built "$(($(now) - begun))" ;;
            *) record "$2" pulled "$(($(now) - begun))" ;;
        esac
    else
        record "$2" failed "$(($(now) - begun))"
        failed=$((failed + 1))
    fi
}

# ---------------------------------------------------------------- only waiting

await() {
    begun=$(now)
    until is_there "$2"; do
        if is_over; then
            complain "$2: not there within $allowed s: look at the log of the container that brings it"
            record "$2" missing "$(($(now) - begun))"
            failed=$((failed + 1))
            return
        fi
        rest "$PAUSE"
    done
    say "$2: is there"
    record "$2" 'is there' "$(($(now) - begun))"
}

# ---------------------------------------------------------------- from here

# shellcheck disable=SC2329  # the trap below calls it
stop() {
    trap - EXIT
    [ -z "$running" ] || kill "$running" 2>/dev/null
    rm -f "$log"
    complain "stopped by a signal"
    exit 143
}

attempts=5
allowed=7200
policy=missing
models=0
failed=0
running=
summary=
server=${OLLAMA_HOST:-}

read_arguments "$@"
[ -n "$server" ] || wrong_usage "OLLAMA_HOST must name the server, such as http://ollama-1:11434"
deadline=$(($(now) + allowed))
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap stop TERM INT

say "$models model(s), server $server, deadline $allowed s"
wait_for_server
if [ "$policy" = never ]; then
    for_each await "$@"
else
    check_room "$@"
    for_each bring "$@"
fi

say 'summary'
printf '%s' "$summary"
if [ "$failed" -eq 0 ]; then
    say "all $models model(s) are there"
    exit 0
fi
complain "$failed of $models model(s) missing"
is_over && exit 3
exit 1
