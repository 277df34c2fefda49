#!/bin/sh
# Brings a new image or configuration of nas-llm to its instances, one at a time, while the others serve.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar; functions are called by their names.
# shellcheck disable=SC2016,SC2329

set -u
LC_ALL=C
export LC_ALL

usage() {
    cat <<'END'
usage: sh rollout.sh [--copy] [--host HOST] [--dry-run] [--resume | --rollback]

Replaces every instance whose image or configuration has changed, one at a time: those that read a store first, those
that write it last, Traefik itself at the very end. Before anything is replaced it keeps what runs now and pulls. Each
instance is taken out of the gateway, its running answers end, it is replaced, answers once so that its model is
loaded, and comes back. At the first failure it stops: that instance is stopped, all others go on serving.

  --copy          bring the folders of this tree to the hosts first
  --host HOST     only what runs on this host
  --dry-run       say every step, change nothing
  --resume        go on after a failure or an interruption; with --copy: with the files of this tree as they are now
  --rollback      go back to what ran before the last rollout: files and images
  --no-drain      do not touch the gateway; answers that run for longer than 30 s are cut
  --dynamic FILE  the file that your own Traefik reads, when it is not the one in the folder of the gateway's host
  --help          this text

Run it beside the folders of the hosts. Hosts with `ssh:` are reached by ssh, one without is this machine.
Traefik is run by you: the drain edits the dynamic file in the folder of the gateway's host, or FILE. A Traefik that does
not watch this file goes on sending requests; then each instance is replaced after its time for running answers is over.
Nothing here restarts that Traefik.
What it must remember is in `.rollout` in each host's folder: the lock, the state, and what ran before.

Exit codes: 0 done, 1 stopped (with what to do next), 2 could not begin.
END
}

# ---------------------------------------------------------------- the topology

NAME='nas-llm'
GATEWAY='alpha' # host on which Traefik listens; empty without one
TRAEFIK='' # its container; empty where somebody else runs it
DYNAMIC='traefik/dynamic/nas-llm.yaml'
LOCAL='0' # hosts without ssh

hosts() {
    printf '%s\n' alpha beta
}

ssh_of() {
    case $1 in
        alpha) printf '%s\n' ops@10.0.0.11 ;;
        beta) printf '%s\n' ops@10.0.0.12 ;;
        *) ;;
    esac
}

directory_of() {
    case $1 in
        alpha) printf '%s\n' /opt/nas-llm ;;
        beta) printf '%s\n' /opt/nas-llm ;;
        *) return 1 ;;
    esac
}

instances_of() {
    case $1 in
        alpha) printf '%s\n' ollama-1 ;;
        beta) printf '%s\n' ollama-1 ollama-2 ;;
        *) ;;
    esac
}

# keeps HOST: whether what ran before is kept there.
keeps() { return 0; }

# files_of HOST: what composegen writes into its folder; nothing else there is touched.
files_of() {
    case $1 in
        alpha)
            printf '%s\n' compose.yaml firewall/composegen-firewall-nas-llm.service firewall/setup.sh model-init.sh nfs/setup.sh traefik/dynamic/nas-llm.yaml
            ;;
        beta)
            printf '%s\n' compose.yaml firewall/composegen-firewall-nas-llm.service firewall/setup.sh nfs/setup.sh
            ;;
        *) ;;
    esac
}

# each_instance ACTION: HOST CONTAINER ENTRY PORT DRAIN WARM_UP AFTER_FAILURE MODEL of every instance, in order, until
# one fails. ENTRY is its URL in Traefik's file, empty for one that is not behind the gateway; times are seconds.
each_instance() {
    "$1" beta ollama-1 http://10.0.0.12:11434 11434 300 600 stop llama3.2:3b || return 1
    "$1" beta ollama-2 http://10.0.0.12:11435 11434 300 600 stop llama3.2:3b || return 1
    "$1" alpha ollama-1 http://10.0.0.11:11434 11434 300 600 stop llama3.2:3b || return 1
}

# ---------------------------------------------------------------- on a host, in its folder
# What these print is the answer to whoever asked; complaints go to the standard error.

complain() { printf 'rollout.sh: %s\n' "$*" >&2; }

# on_host HOST STEP ARGUMENT...
on_host() {
    host=$1
    step=$2
    shift 2
    directory=$(directory_of "$host") || return 2
    if ! CDPATH='' cd -- "$directory" 2>/dev/null; then
        complain "$host: there is no folder $directory; make it first, see First start in README.md"
        return 2
    fi
    "host_$step" "$@"
}

compose() {
    if [ -f .rollout/images.yaml ]; then
        merged=compose.yaml
        [ ! -f compose.override.yaml ] || merged=$merged:compose.override.yaml
        COMPOSE_FILE=$merged:.rollout/images.yaml docker compose "$@" </dev/null
    else
        docker compose "$@" </dev/null
    fi
}

# inspected KIND FIELDS NAME: fields by Go's templates, whose double braces must not stand in this file.
inspected() {
    o='{'
    c='}'
    docker "$1" inspect --format "$(printf '%s' "$2" | sed "s/</$o$o/g; s/>/$c$c/g")" "$3" 2>/dev/null
}

# logged COMMAND...: its words only when it fails.
logged() {
    "$@" >.rollout/log 2>&1 && return 0
    tail -n 20 .rollout/log >&2
    return 1
}

host_check() {
    if ! mkdir -p .rollout || ! touch .rollout/log; then
        complain "$host: $(id -un) may not write in $directory"
        return 2
    fi
    if ! version=$(docker compose version --short 2>.rollout/log </dev/null); then
        complain "$host: docker compose does not work for $(id -un): $(tail -n 1 .rollout/log)"
        return 2
    fi
    case ${version#v} in
        [01].* | 2.[0-9] | 2.[0-9].* | 2.1[0-9] | 2.1[0-9].*)
            complain "$host: docker compose is of version $version, too old; it takes 2.20 or newer"
            return 2
            ;;
    esac
    if ! docker version >/dev/null 2>.rollout/log </dev/null; then
        complain "$host: docker does not work for $(id -un): $(tail -n 1 .rollout/log)"
        return 2
    fi
}

# at_work COMMAND...: names its process meanwhile, as it goes on by itself when the rollout is killed.
at_work() {
    sh -c 'echo "$PPID"' >.rollout/at-work
    "$@"
    ended=$?
    rm -f .rollout/at-work
    return "$ended"
}

# undisturbed: waits until what a killed rollout has left at work is over. A file left by a crash names no such process,
# or after a reboot another one: no longer than Compose itself would wait.
undisturbed() {
    process=$(cat .rollout/at-work 2>/dev/null) || return 0
    end=$(($(date +%s) + 330))
    said=no
    while kill -0 "$process" 2>/dev/null && [ "$(date +%s)" -lt "$end" ] && [ -e .rollout/at-work ]; do
        [ "$said" = yes ] || complain "$host: waits for what an earlier rollout left at work (process $process)"
        said=yes
        sleep 1
    done
}

# host_lock OWNER: takes the lock, and prints the state and whose rollout made it so; fails with 3 if it is taken, and
# prints by whom.
host_lock() {
    if ! mkdir .rollout/lock 2>.rollout/log; then
        if [ -d .rollout/lock ]; then
            cat .rollout/lock/owner 2>/dev/null || echo 'nobody knows whom'
            return 3
        fi
        cannot_write
        return 2
    fi
    if ! { printf '%s\n' "$1" >.rollout/lock/owner; } 2>.rollout/log; then
        rm -rf .rollout/lock
        cannot_write
        return 2
    fi
    undisturbed
    cat .rollout/state 2>/dev/null || echo none
}

cannot_write() { complain "$host: nothing can be written in $directory/.rollout: $(cat .rollout/log)"; }

# host_unlock OWNER: gives the lock back, unless it is somebody else's.
host_unlock() {
    [ "$(cat .rollout/lock/owner 2>/dev/null)" = "$1" ] || return 0
    mv .rollout/lock ".rollout/lock.$$" && rm -rf ".rollout/lock.$$"
}

# host_mark STATE [RUN]: the state, and which rollout it is of, as said or as before.
host_mark() {
    printf '%s\n' "$1 ${2:-$(sed 's/^[^ ]* *//' .rollout/state)}" >.rollout/state.new && mv -f .rollout/state.new .rollout/state
}

# kept FROM TO: copies the files that composegen writes; the names of those that are not there go to TO/absent.
kept() {
    rm -rf "$2.new" && mkdir -p "$2.new/files" && : >"$2.new/absent" || return 1
    files_of "$host" | while IFS= read -r file; do
        if [ -f "$1/$file" ]; then
            mkdir -p "$2.new/files/$(dirname "$file")" && cp -p "$1/$file" "$2.new/files/$file" || exit 1
        else
            printf '%s\n' "$file" >>"$2.new/absent"
        fi
    done || return 1
    rm -rf "$2" && mv "$2.new" "$2"
}

# runs_something: a host may only hold the file of a Traefik that somebody else runs.
runs_something() { files_of "$host" | grep -Fqx compose.yaml; }

container_of() { compose ps --all --quiet "$1" 2>/dev/null | head -n 1; }

image_of() {
    compose config 2>/dev/null | awk -v service="  $1:" '
        /^  [^ ]/ { inside = ($0 == service) }
        inside && /^    image: / { gsub(/"/, "", $2); print $2; exit }'
}

hash_of() { compose config --hash "$1" 2>/dev/null | sed "s/^$1 //"; }

# wanted SERVICE: whether its container has the configuration that the files ask for.
wanted() {
    id=$(container_of "$1")
    [ -n "$id" ] && [ "$(inspected container '<index .Config.Labels "com.docker.compose.config-hash">' "$id")" = "$(hash_of "$1")" ]
}

as_the_files_say() {
    [ -f compose.yaml ] || return 1
    for service in $(instances_of "$host"); do
        wanted "$service" || return 1
    done
}

# host_snapshot COPYING RUN: keeps the image ids, and the files that go with what runs now.
host_snapshot() {
    rm -f .rollout/images.yaml .rollout/touched .rollout/loaded-*
    if ! keeps "$host"; then
        rm -rf .rollout/before
        host_mark rolling "$2"
        return
    fi
    from=.
    only_images=no
    if ! as_the_files_say; then
        if [ -d .rollout/good ]; then
            from=.rollout/good/files
        elif [ "$1" = no ]; then
            only_images=yes
        fi
    fi
    kept "$from" .rollout/before || return 1
    for service in $(instances_of "$host"); do
        id=$(container_of "$service")
        [ -z "$id" ] || inspected container "$service <.Image> <.Config.Image>" "$id"
    done >.rollout/before/images
    host_mark rolling "$2" || return 1
    if [ "$only_images" = yes ] && [ -s .rollout/before/images ]; then
        : >.rollout/before/only-images
        echo images
    fi
}

# host_place: puts each file that was brought into its place, at once.
host_place() {
    files_of "$host" | while IFS= read -r file; do
        mkdir -p "$(dirname "$file")" && mv -f ".rollout/incoming/$file" "$file" || exit 1
    done && rm -rf .rollout/incoming
}

# host_pull: pulls all that this host runs. An image that no registry has is fine where it is here already.
host_pull() {
    runs_something || return 0
    if [ ! -f compose.yaml ]; then
        complain "$host: there is no compose.yaml in $directory; bring it there, for example with --copy"
        return 1
    fi
    logged compose config --quiet || return 1
    compose pull --quiet >.rollout/log 2>&1 && return 0
    : >.rollout/unpulled
    for service in $(compose config --services); do
        compose pull --quiet "$service" >.rollout/log 2>&1 && continue
        image=$(image_of "$service")
        if [ -z "$(inspected image '<.Id>' "$image")" ]; then
            tail -n 5 .rollout/log >&2
            complain "$host: $image cannot be pulled, and it is not here"
            return 1
        fi
        printf '%s\n' "$image" >>.rollout/unpulled
    done
    sort -u .rollout/unpulled
}

# host_standing SERVICE DIRECTION: down, unchanged or changed; going back, untouched for one that the roll never reached.
host_standing() {
    if [ "$2" = back ] && ! grep -Fqx -- "$1" .rollout/touched 2>/dev/null; then
        echo untouched
        return 0
    fi
    id=$(container_of "$1")
    health=
    [ -z "$id" ] || health=$(inspected container '<.State.Status> <if .State.Health><.State.Health.Status><end>' "$id")
    if [ "$health" != 'running healthy' ]; then
        echo down
    elif wanted "$1" && [ "$(inspected container '<.Image>' "$id")" = "$(inspected image '<.Id>' "$(image_of "$1")")" ]; then
        echo unchanged
    else
        echo changed
    fi
}

# connections SERVICE PORT: how many there are to its port from outside the container.
connections() {
    compose exec -T "$1" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf ':%04X$' "$2")" '
        $4 != "01" || $2 !~ port { next }
        $3 ~ /^......7F:/ || $3 ~ /^0000000000000000FFFF0000......7F:/ { next }
        $3 ~ /^00000000000000000000000001000000:/ { next }
        { open++ }
        END { print open + 0 }'
}

# host_quiet SERVICE PORT SECONDS SETTLE POLL: waits until nobody is connected; prints how many are when time is up.
# Traefik takes up to 2 s to see a changed file, and closes connections without a request after 2 s more.
host_quiet() {
    loaded=$(compose exec -T -e "OLLAMA_HOST=127.0.0.1:$2" "$1" ollama ps 2>/dev/null | awk 'NR > 1 { print $1 }')
    [ -z "$loaded" ] || printf '%s\n' "$loaded" >".rollout/loaded-$1"
    sleep "$4"
    end=$(($(date +%s) + $3))
    empty=0
    while :; do
        open=$(connections "$1" "$2")
        if [ "$open" -eq 0 ]; then empty=$((empty + 1)); else empty=0; fi
        if [ "$empty" -ge 2 ] || [ "$(date +%s)" -ge "$end" ]; then
            echo "$open"
            return 0
        fi
        sleep "$5"
    done
}

# host_replace SERVICE: recreates its container if the image or the configuration has changed, and waits for its health.
host_replace() {
    grep -Fqx -- "$1" .rollout/touched 2>/dev/null || printf '%s\n' "$1" >>.rollout/touched
    at_work logged compose up -d --no-deps --wait --wait-timeout 300 "$1" && return 0
    complain "$host $1: did not turn healthy; its last words:"
    compose logs --no-log-prefix --tail 10 "$1" >&2
    return 1
}

# host_stop SERVICE: a failed instance must not get requests when the gateway knows it again.
host_stop() { at_work logged compose stop "$1"; }

# request SERVICE PORT SECONDS PATH BODY: the status line of the answer and its last line. Neither curl nor wget is in
# the image; bash is, and opens connections itself.
request() {
    compose exec -T "$1" timeout "$3" bash -c '
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 9
        printf "%s HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s" \
            "$2" "$3" "$4" >&3
        cat <&3' rollout "$2" "$4" "$(printf %s "$5" | wc -c | tr -d ' ')" "$5" 2>.rollout/log >.rollout/answer
    ended=$?
    [ "$ended" -ne 124 ] || { echo timeout; return 0; }
    [ "$ended" -ne 126 ] && [ "$ended" -ne 127 ] || { echo 'no bash'; return 0; }
    sed -n '1s/\r$//p' .rollout/answer
    tail -n 1 .rollout/answer | cut -c 1-300
}

# host_warm SERVICE PORT SECONDS MODEL: a short answer of each model that was loaded before, else of MODEL.
host_warm() {
    models=$(cat ".rollout/loaded-$1" 2>/dev/null || printf '%s\n' "$4")
    for model in $models; do
        said=$(request "$1" "$2" "$3" 'POST /api/generate' \
            "$(printf '{"model":"%s","prompt":"Hi","stream":false,"options":{"num_predict":1}}' "$model")")
        case $said in
            *'does not support generate'*)
                said=$(request "$1" "$2" "$3" 'POST /api/embed' "$(printf '{"model":"%s","input":"Hi"}' "$model")") ;;
        esac
        case $said in
            HTTP/1.?' 200'*) printf '%s answers\n' "$model" ;;
            HTTP/1.?' 404'*) printf '%s is not in its store yet\n' "$model" ;;
            'no bash') printf 'its image has no bash to ask it with\n' ;;
            timeout) complain "$host $1: $model gave no answer within $3 s"; return 1 ;;
            *) complain "$host $1: $model does not answer: $(printf '%s' "$said" | tr '\n' ' ')"; return 1 ;;
        esac
    done
}

# host_verify SERVICE PORT: it still runs, is healthy, and was not restarted meanwhile.
host_verify() {
    id=$(container_of "$1")
    found=$(inspected container '<.State.Status> <if .State.Health><.State.Health.Status><end> <.RestartCount>' "$id")
    if [ "$found" != 'running healthy 0' ]; then
        complain "$host $1: is \"$found\", not \"running healthy 0\" (status, health, restarts)"
        return 1
    fi
    said=$(request "$1" "$2" 10 'GET /api/version' '')
    case $said in
        HTTP/1.?' 200'*) printf '%s\n' "$said" | sed -n 's/.*"version" *: *"\([^"]*\)".*/version \1/p' ;;
        'no bash') ;;
        *) complain "$host $1: /api/version answers: $said"; return 1 ;;
    esac
}

# host_rest: everything but the instances, which are done, and Traefik, which comes last.
host_rest() {
    runs_something || return 0
    services=$(compose config --services | grep -Fvx -- "${TRAEFIK:-/}")
    [ -n "$services" ] || return 0
    # shellcheck disable=SC2086 # names of services have no blanks
    at_work logged compose up -d --wait --remove-orphans $services && return 0
    complain "$host: not everything comes up; see docker compose ps --all in $directory"
    return 1
}

host_traefik() {
    before=$(container_of "$TRAEFIK")
    at_work logged compose up -d --no-deps --wait "$TRAEFIK" || return 1
    if [ "$(container_of "$TRAEFIK")" = "$before" ]; then echo unchanged; else echo restarted; fi
}

host_finish() {
    kept . .rollout/good && rm -f .rollout/loaded-* && host_mark "$1"
}

# host_back: the files and the images of before, in their places again; replaces nothing yet.
host_back() {
    if [ ! -d .rollout/before ]; then
        complain "$host: nothing was kept to go back to"
        return 1
    fi
    host_mark back || return 1
    while read -r service id image; do
        if [ -z "$(inspected image '<.Id>' "$id")" ]; then
            complain "$host $service: the image that ran before, $image ($id), is no longer here"
            return 1
        fi
    done <.rollout/before/images
    if [ -f .rollout/before/only-images ]; then
        pinned >.rollout/images.yaml
        echo images
        return 0
    fi
    rm -f .rollout/images.yaml
    tagged && (cd .rollout/before/files && find . -type f) | while IFS= read -r file; do
        mkdir -p "$(dirname "$file")" && cp -p ".rollout/before/files/$file" "$file.rollout" && mv -f "$file.rollout" "$file" || exit 1
    done || return 1
    while IFS= read -r file; do
        rm -f -- "$file"
    done <.rollout/before/absent
}

# pinned: a Compose file that says only which images ran before.
pinned() {
    echo 'services:'
    while read -r service id image; do
        printf '  %s:\n    image: "%s"    # was %s\n    pull_policy: never\n' "$service" "$id" "$image"
    done <.rollout/before/images
}

# tagged: names that have moved to another image since then name the old one again.
tagged() {
    while read -r service id image; do
        case $image in
            *@* | sha256:*) continue ;;
        esac
        if [ "$(inspected image '<.Id>' "$image")" != "$id" ] && ! docker tag "$id" "$image" </dev/null; then
            complain "$host $service: cannot name $id $image again"
            return 1
        fi
    done <.rollout/before/images
}

# ---------------------------------------------------------------- on the gateway's host

# without_server ENTRY: Traefik's file without the servers of that URL.
without_server() {
    ENTRY=$1 awk '
        { text = $0; sub(/^ */, "", text) }
        text == "- url: " ENVIRON["ENTRY"] { gone = 1; next }
        gone && text ~ /^weight: / { gone = 0; next }
        { gone = 0 }
        held != "" { print held (text ~ /^- url: / ? "" : " []"); held = "" }
        text == "servers:" { held = $0; next }
        { print }
        END { if (held != "") print held " []" }'
}

# put CONTENT FILE: replaces the file in one step. Traefik reads no file that ends like this one in between.
put() {
    beside=$(dirname "$2")/.$(basename "$2").rollout
    cp -p "$1" "$beside" && mv -f "$beside" "$2"
}

# host_drain FILE ENTRY: takes a server out, keeping the file as it was; says absent where it was not in.
host_drain() {
    if [ ! -f "$1" ]; then
        complain "$host: there is no $1 in $directory: which file does Traefik read? (--dynamic FILE)"
        return 1
    fi
    host_restore >/dev/null || return 1
    rm -rf .rollout/drained.new && mkdir .rollout/drained.new && cp -p "$1" .rollout/drained.new/full || return 1
    cp -p "$1" .rollout/drained.new/written && without_server "$2" <"$1" >.rollout/drained.new/written || return 1
    if cmp -s "$1" .rollout/drained.new/written; then
        rm -rf .rollout/drained.new
        echo absent
        return 0
    fi
    printf '%s\n' "$1" >.rollout/drained.new/path
    mv .rollout/drained.new .rollout/drained && put .rollout/drained/written "$1"
}

# host_restore: the file as it was before the drain, byte for byte, unless somebody has changed it meanwhile.
host_restore() {
    [ -d .rollout/drained ] || return 0
    path=$(cat .rollout/drained/path)
    if cmp -s .rollout/drained/written "$path"; then
        put .rollout/drained/full "$path" || return 1
        echo restored
    elif ! cmp -s .rollout/drained/full "$path"; then
        complain "$host: $path was changed by somebody else during the drain; it is left as it is"
    fi
    rm -rf .rollout/drained
}

# ---------------------------------------------------------------- here

say() { [ -z "$*" ] || printf '%s\n' "$*"; }

quoted() {
    for word in "$@"; do
        printf " '%s'" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
    done
}

far() {
    away=$1
    shift
    ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -- "$away" "$@"
}

# at HOST STEP ARGUMENT...: does a step on a host; its answer is in $answer. It runs in the background because a shell
# handles a signal only between commands, and an interrupted roll must put the gateway right at once.
at() {
    asked=$1
    target=$(ssh_of "$asked")
    if [ -n "$target" ]; then
        far "$target" "sh -s -- --on-host$(quoted "$@")" <"$script" >"$work/answer" &
    else
        (on_host "$@") </dev/null >"$work/answer" &
    fi
    running=$!
    wait "$running"
    ended=$?
    running=
    answer=$(cat "$work/answer")
    [ "$ended" -ne 255 ] || complain "$asked: ssh $target does not work; try: ssh $target true (it must ask for nothing)"
    return "$ended"
}

# step HOST WORDS STEP ARGUMENT...: says what it does and does it, unless --dry-run.
step() {
    said_of=$1
    words=$2
    shift 2
    case $1 in
        drain | restore) say "$said_of gateway: $words" ;;
        *) say "$said_of${subject:+ $subject}: $words" ;;
    esac
    answer=
    [ "$dry" = yes ] || at "$said_of" "$@"
}

chosen() { [ -z "$only" ] || [ "$only" = "$1" ]; }

chosen_hosts() {
    for one in $(hosts); do
        if chosen "$one"; then echo "$one"; fi
    done
}

# involved: the hosts on which something is done, the gateway's too.
involved() {
    chosen_hosts
    if [ "$draining" = yes ] && ! chosen "$GATEWAY"; then echo "$GATEWAY"; fi
}

reachable() { [ -n "$(ssh_of "$1")" ] || [ "$LOCAL" -le 1 ] || [ "$only" = "$1" ]; }

# ---------------------------------------------------------------- one instance

# take_out ENTRY: after this the gateway sends it no new request.
take_out() {
    drained=yes
    step "$GATEWAY" "takes $1 out of $dynamic" drain "$dynamic" "$1" || return 1
    if [ "$answer" = absent ]; then
        drained=no
        say "$GATEWAY gateway: note: it does not stand in $dynamic"
    fi
}

put_back() {
    [ "$drained" = yes ] || return 0
    step "$GATEWAY" "restores $dynamic" restore || return 1
    drained=no
}

# roll_one HOST CONTAINER ENTRY PORT DRAIN WARM_UP AFTER_FAILURE MODEL
roll_one() {
    chosen "$1" || return 0
    subject=$2
    place=$1
    if [ "$dry" = no ]; then
        at "$1" standing "$2" "$direction" || return 1
        case $pass-$answer in
            down-down | all-changed) ;;
            all-unchanged) say "$1 $2: is as its files say, left alone"; return 0 ;;
            *) return 0 ;;
        esac
    fi
    replaced "$@" && subject= && return 0
    automatic=$7
    return 1
}

# replaced: the arguments of roll_one; fails with the gateway put right, and the instance stopped if it was the cause.
replaced() {
    patience=30
    pause=0
    if [ -n "$3" ] && [ "$draining" = yes ]; then
        take_out "$3" || return 1
        if [ "$drained" = yes ]; then
            patience=$5
            pause=$settle
        fi
    fi
    step "$1" "waits until its connections have ended, at most $patience s" quiet "$2" "$4" "$patience" "$pause" "$poll" || return 1
    [ "${answer:-0}" = 0 ] || say "$1 $2: note: $answer connections are still open after $patience s, and are cut"
    step "$1" "docker compose up -d --no-deps --wait $2" replace "$2" || { given_up "$1" "$2"; return 1; }
    step "$1" 'waits for a short answer, at most '"$6 s" warm "$2" "$4" "$6" "$8" || { given_up "$1" "$2"; return 1; }
    say "${answer:+$1 $2: $answer}"
    put_back || return 1
    step "$1" 'looks whether it is well' verify "$2" "$4" || { given_up "$1" "$2"; return 1; }
    say "${answer:+$1 $2: well, $answer}"
}

# given_up HOST CONTAINER: stopped, and known to the gateway again, which finds it down and leaves it out.
given_up() {
    step "$1" "stops it, so that it gets no requests" stop "$2"
    put_back
}

# ---------------------------------------------------------------- whole passes

# rolled: every instance. Those that are not healthy come first; so after a failure no healthy instance is touched before
# the failed one is well. They are taken out of the gateway too: one that is just starting may serve any moment.
rolled() {
    if [ "$dry" = no ]; then
        pass=down
        each_instance roll_one || return 1
    fi
    pass=all
    each_instance roll_one
}

# the_rest: what else runs on the hosts, the gateway's host last, then Traefik.
the_rest() {
    subject=
    for place in $(chosen_hosts | grep -Fvx -- "${GATEWAY:-/}") $(chosen_hosts | grep -Fx -- "${GATEWAY:-/}"); do
        step "$place" 'docker compose up -d --wait --remove-orphans, without Traefik' rest || return 1
    done
    if [ -n "$TRAEFIK" ] && chosen "$GATEWAY"; then
        place=$GATEWAY
        step "$GATEWAY" "docker compose up -d --no-deps --wait $TRAEFIK" traefik || return 1
        [ "$answer" != restarted ] || say "$GATEWAY $TRAEFIK: restarted; meanwhile requests were refused"
    fi
}

# finished STATE: what the files say now is what runs.
finished() {
    [ "$dry" = no ] || return 0
    for place in $(chosen_hosts); do
        at "$place" finish "$1" || return 1
    done
}

# ---------------------------------------------------------------- the run

wrong_usage() {
    complain "$1"
    usage >&2
    exit 2
}

read_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --host | --dynamic)
                [ $# -ge 2 ] || wrong_usage "$1 needs a value"
                if [ "$1" = --host ]; then only=$2; else dynamic=$2; fi
                shift
                ;;
            --host=*) only=${1#--host=} ;;
            --dynamic=*) dynamic=${1#--dynamic=} ;;
            --dry-run) dry=yes ;;
            --copy) copying=yes ;;
            --no-drain) draining=no ;;
            --resume | --rollback)
                [ "$mode" = roll ] || wrong_usage 'either --resume or --rollback'
                mode=${1#--}
                ;;
            -h | --help) usage; exit 0 ;;
            *) wrong_usage "unknown argument: $1" ;;
        esac
        shift
    done
    if [ -n "$only" ] && ! hosts | grep -Fqx -- "$only"; then
        wrong_usage "no host is called $only"
    fi
    [ "$mode-$copying" != rollback-yes ] || wrong_usage '--rollback brings the files of before, not those of --copy'
}

# can_begin: whether this machine reaches what it needs.
can_begin() {
    if [ -z "$only" ] && [ "$LOCAL" -gt 1 ]; then
        complain "several hosts have no \`ssh:\`, and only one of them can be this machine: say which with --host,"
        complain "first on those that only read a store, at last on the gateway's host ($(hosts | tr '\n' ' '))"
        exit 2
    fi
    [ -n "$GATEWAY" ] || draining=no
    if [ "$draining" = yes ] && ! reachable "$GATEWAY"; then
        complain "the gateway's host $GATEWAY is not reached from here, so no instance can be taken out of it:"
        complain "give it \`ssh:\` in the topology, or roll with --no-drain, which cuts long answers"
        exit 2
    fi
    [ "$dry" = no ] || return 0
    for place in $(involved); do
        at "$place" check || exit 2
    done
}

# state_of HOST: what its last rollout has left. run_of HOST: which one that was.
state_of() { sed 's/ .*//' "$work/state-$1"; }
run_of() { sed 's/^[^ ]* *//' "$work/state-$1"; }

# options: those of this call that one that goes on needs as well.
options() {
    printf '%s' "${only:+ --host $only}"
    [ -z "$GATEWAY" ] || [ "$draining" = yes ] || printf ' --no-drain'
    [ "$dynamic" = "$DYNAMIC" ] || printf ' --dynamic%s' "$(quoted "$dynamic")"
}

# to_go_on: how to call it again. Files are brought once more where it was to bring them: some may be missing.
to_go_on() {
    [ "$copying" = no ] || printf ' --copy'
    [ "$dry" = no ] || printf ' --dry-run'
    options
}

# fits_the_mode: a roll does not begin over an unfinished one, and there must be something to go on with.
fits_the_mode() {
    [ "$dry" = no ] || return 0
    some=no
    for place in $(chosen_hosts); do
        case $mode-$(state_of "$place") in
            roll-rolling)
                complain "$place: an earlier rollout has not ended: sh rollout.sh --resume$(options), or --rollback"
                exit 2
                ;;
            roll-back | resume-back)
                complain "$place: an earlier way back has not ended: sh rollout.sh --rollback$(options)"
                exit 2
                ;;
            resume-rolling | rollback-rolling | rollback-back) some=yes; runs=$runs$(run_of "$place")'|' ;;
            rollback-finished) some=yes ;;
        esac
    done
    case $mode-$some in
        resume-no) complain 'no rollout has stopped half-way: nothing to resume'; exit 2 ;;
        rollback-no) complain 'nothing to go back to: no rollout has run, or it was rolled back already'; exit 2 ;;
    esac
}

# unfinished HOST: whether it has a part in a rollout that has not ended on all of the hosts.
unfinished() {
    case $(state_of "$1") in
        rolling | back) return 0 ;;
        finished) ;;
        *) return 1 ;;
    esac
    case "|$runs" in
        *"|$(run_of "$1")|"*) return 0 ;;
        *) return 1 ;;
    esac
}

# locked: no other rollout on any of the hosts.
locked() {
    [ "$dry" = no ] || return 0
    for place in $(involved); do
        locks="$locks $place"
        lock_taken "$place" || exit 2
        printf '%s\n' "$answer" >"$work/state-$place"
    done
}

# lock_taken HOST: the lock of a process that is gone gives way.
lock_taken() {
    at "$1" lock "$owner" && return 0
    [ "$ended" -eq 3 ] || return 1
    holder=$answer
    process=${holder%% *}
    machine=${holder#* }
    if [ "${machine%% *}" = "$(uname -n)" ] && ! kill -0 "$process" 2>/dev/null; then
        at "$1" unlock "$holder" && at "$1" lock "$owner" && return 0
        [ "$ended" -eq 3 ] || return 1
    fi
    complain "$1: another rollout is at work there (process, machine, since: $holder)"
    complain "if it is not: remove $(directory_of "$1")/.rollout/lock on $1"
    return 1
}

# put_right: whatever happens, the gateway's file is restored and the locks are given back.
put_right() {
    trap '' HUP INT TERM
    [ -z "$running" ] || kill "$running" 2>/dev/null
    if [ "$drained" = yes ] && [ "$dry" = no ]; then
        at "$GATEWAY" restore || complain "$GATEWAY: $dynamic is not restored; the command above does that first"
    fi
    if [ "$dry" = no ]; then
        for place in $locks; do
            at "$place" unlock "$owner"
        done
    fi
    rm -rf -- "$work"
}

interrupted() {
    trap '' HUP INT TERM
    complain 'interrupted'
    what_next
    exit "$1"
}

# what_next: how to go on or back, by how far it is.
what_next() {
    if [ "$begun" = no ]; then
        complain "nothing was replaced; begin anew with: sh rollout.sh$(to_go_on)"
    elif [ "$direction" = back ]; then
        complain "go on with the way back by: sh rollout.sh --rollback$(options)"
    else
        complain "when the cause is removed, go on with: sh rollout.sh --resume$(to_go_on)"
        complain "or go back to what ran before with:    sh rollout.sh --rollback$(options)"
    fi
}

# copied HOST: its part of the tree, as a whole, into its folder.
copied() {
    say "$1: copies $1/ to $(directory_of "$1")"
    from=$tree/$1
    folder=$(directory_of "$1")
    set -- "$1"
    while IFS= read -r file; do
        if [ ! -f "$from/$file" ]; then
            complain "$1: $from/$file is missing here; run this beside the folders of the hosts"
            return 1
        fi
        set -- "$@" "./$file"
    done <<END
$(files_of "$1")
END
    [ "$dry" = no ] || return 0
    receiver=$1
    shift
    target=$(ssh_of "$receiver")
    [ -n "$target" ] || ! same_folder "$from" "$folder" || return 0
    into=$(quoted "$folder/.rollout/incoming")
    unpack="rm -rf$into && mkdir -p$into && tar -C$into -xpof -"
    if [ -n "$target" ]; then
        tar -C "$from" -cf - "$@" | far "$target" "$unpack" || return 1
    else
        tar -C "$from" -cf - "$@" | sh -c "$unpack" || return 1
    fi
    at "$receiver" place
}

same_folder() { [ "$(CDPATH='' cd -- "$1" && pwd -P)" = "$(CDPATH='' cd -- "$2" && pwd -P)" ]; }

# prepared: what ran before is kept and everything is pulled, on all hosts, before any instance is touched.
prepared() {
    run=${runs%%|*} # one that is resumed stays the same rollout
    for place in $(chosen_hosts); do
        if [ "$mode" = resume ] && [ "$dry" = no ] && unfinished "$place"; then continue; fi
        what="keeps what runs now in $(directory_of "$place")/.rollout/before"
        keeps "$place" || what='keeps nothing to go back to (snapshot: false)'
        step "$place" "$what" snapshot "$copying" "${run:-$owner}" || return 1
        [ "$dry" = yes ] || begun=yes
        [ "$answer" != images ] || say "$place: note: its files are newer than what runs: going back would bring back the images only"
    done
    if [ "$copying" = yes ]; then
        for place in $(chosen_hosts); do
            copied "$place" || return 1
        done
    fi
    for place in $(chosen_hosts); do
        step "$place" 'docker compose pull' pull || return 1
        for image in $answer; do
            say "$place: note: $image cannot be pulled; the one that is here is taken"
        done
    done
}

go_forward() {
    prepared && rolled && the_rest && finished finished
}

# go_back: the files and images of before, then the instances, by the same steps.
go_back() {
    direction=back
    subject=
    for place in $(chosen_hosts); do
        if [ "$dry" = no ] && [ "$mode" = rollback ] && ! goes_back "$place"; then continue; fi
        step "$place" 'brings back the files and images of before' back || return 1
        [ "$answer" != images ] || say "$place: note: only the images; its files stay as they are, bring the old ones there"
    done
    rolled && the_rest && finished rolled-back
}

# goes_back HOST: where a rollout has not ended, only what took part in it.
goes_back() {
    if [ -n "$runs" ]; then unfinished "$1"; else [ "$(state_of "$1")" = finished ]; fi
}

stopped() {
    subject=
    put_back
    complain "stopped at $place. What was not replaced goes on serving."
    what_next
    exit 1
}

# last_look: verify.sh, where it can run. Here it belongs to the new files: what it says after the way back is a hint.
last_look() {
    [ "$dry" = no ] && [ -f "$tree/verify.sh" ] || return 0
    if ! command -v curl >/dev/null 2>&1; then
        say 'note: curl is missing here, so verify.sh was not run; run it on another machine'
        return 0
    fi
    say 'sh verify.sh:'
    sh "$tree/verify.sh" ${only:+--host "$only"} && return 0
    if [ "$direction" = back ]; then
        say 'note: this verify.sh looks for what the new files promise, not for what runs again'
        return 0
    fi
    complain "everything is replaced, but verify.sh has something to say; go back with: sh rollout.sh --rollback$(options)"
    exit 1
}

main() {
    if [ "${1:-}" = --on-host ]; then
        shift
        on_host "$@"
        return
    fi
    only='' dry=no copying=no mode=roll draining=yes dynamic=$DYNAMIC
    begun=no runs='' running='' locks='' drained=no subject='' place='' answer='' automatic=stop direction=forward pass=all
    settle=${ROLLOUT_SETTLE:-4} # seconds until Traefik has surely taken up a changed file
    poll=${ROLLOUT_POLL:-1}     # seconds between two looks at the connections
    read_arguments "$@"
    [ "$mode" = roll ] || begun=yes
    [ "$mode" != rollback ] || direction=back
    tree=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 2
    script=$tree/$(basename -- "$0")
    owner="$$ $(uname -n) $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    work=$(mktemp -d) || exit 2
    trap put_right EXIT
    trap 'interrupted 129' HUP
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
    can_begin
    locked
    fits_the_mode
    if [ "$draining" = yes ] && [ "$dry" = no ]; then
        at "$GATEWAY" restore || exit 2
        say "${answer:+$GATEWAY: $dynamic $answer, as it was before an interrupted drain}"
    fi
    [ "$dry" = no ] || say 'Every step, as if all images and configurations had changed; no host is asked, and nothing is done:'
    if [ "$mode" = rollback ]; then
        go_back || stopped
    elif ! go_forward; then
        [ "$automatic" = back ] || stopped
        complain "stopped at $place; going back by itself"
        mode=rollback-after-failure
        put_back
        go_back || stopped
        complain "$NAME is back at what ran before; the new files are in this tree only"
        exit 1
    fi
    last_look
    [ "$dry" = yes ] || say "$NAME: done."
}

# ssh feeds this text to a shell on the host, which must not let a command there read the rest of it.
main "$@" </dev/null
exit
