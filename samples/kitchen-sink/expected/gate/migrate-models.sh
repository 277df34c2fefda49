#!/bin/sh
# Copies the models of old stores into the stores of kitchen_sink on host gate. The old stores are only read.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

set -u

project='kitchen_sink'
work=
running=

usage() {
    cat <<'END'
usage: sh migrate-models.sh [--dry-run] [--replace] [--store STORE] [OLD...]

Copies the models of old stores into a store of this host. OLD is a Docker volume, or the absolute path of a folder; in it
the models may lie at the top, in `models` or in `.ollama/models`. Without OLD: those that `migrate_from` names.

  --dry-run      copy nothing; say what would be copied, how much that is, what is there, and how much room is left
  --replace      a model that the store has under the same name, but made of other blobs, is replaced; else it is kept
  --store STORE  only this store
  --help         this text

What is copied is verified by its digest before it gets its name, and a model appears when all of it is there. So this may
be stopped or killed at any moment: run it again and it goes on. Nothing is ever removed or changed in the old stores.
The instances may run meanwhile; they list a new model without a restart.

Exit codes: 0 every model is in the store, 1 something could not be copied (damaged, incomplete, or an OLD that is not
there), 2 could not do it (wrong usage, no room, Docker), 3 all is well but for models that differ from those of the store.

  sh migrate-models.sh --here [--dry-run] [--replace] STORE_FOLDER OLD_FOLDER...

does the same without Docker, from folder to folder; this is what runs in the container.
END
}

say() { printf '%s\n' "$*"; }
complain() { printf 'migrate-models: %s\n' "$*" >&2; }

give_up() {
    complain "$1"
    exit 2
}

# printable TEXT: with a question mark for each byte that could do something to a terminal.
printable() { printf '%s' "$1" | tr -c ' -~' '?'; }

# word TEXT: as it can be pasted into a shell.
word() {
    case $1 in
        '' | *[!A-Za-z0-9_./:-]*) printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")" ;;
        *) printf '%s' "$1" ;;
    esac
}

# amount BYTES: for people, in powers of 1000 as in Ollama's own lists.
amount() {
    if [ "$1" -ge 1000000000 ]; then
        printf '%s.%s GB' $(($1 / 1000000000)) $(($1 % 1000000000 / 100000000))
    elif [ "$1" -ge 1000000 ]; then
        printf '%s.%s MB' $(($1 / 1000000)) $(($1 % 1000000 / 100000))
    else
        printf '%s bytes' "$1"
    fi
}

# ---------------------------------------------------------------- the copy, from folder to folder
#
# A store is content-addressed: blobs/sha256-HEX, and manifests/HOST/NAMESPACE/MODEL/TAG, which name blobs by digest.
# What is being copied lies in .migrate of the store, on the same file system, and is renamed when it is verified. Blobs
# become copies, never hard links: a link would be one file in two stores, and what happens to it happens to both.
# Where both stores are on a file system that can share the content of files (btrfs, xfs), a copy takes no room.

is_plain() { [ -f "$1" ] && [ ! -h "$1" ]; }
bytes() { stat -L -c %s -- "$1"; }

# interruptible COMMAND...: in the background, because a shell handles a signal only between commands.
interruptible() {
    "$@" &
    running=$!
    wait "$running"
    result=$?
    running=
    return "$result"
}

# is_intact FILE HEX
is_intact() {
    interruptible digest_of "$1" >"$work/sum" 2>/dev/null || return 1
    read -r sum _ <"$work/sum" && [ "$sum" = "$2" ]
}

# shellcheck disable=SC2329  # is_intact calls it
digest_of() { exec sha256sum <"$1"; }

# old_store NUMBER: its folder. label NUMBER: what people call it.
old_store() { cat "$work/old/$1/folder"; }
label() { cat "$work/old/$1/label"; }

# add_old LABEL FOLDER: every store in that folder, wherever Ollama keeps it.
add_old() {
    found=no
    for at in '' /models /.ollama/models; do
        [ -d "$2$at/manifests" ] || continue
        found=yes
        if is_same "$2$at" "$store" || is_same "$2$at/blobs" "$store/blobs"; then
            give_up "$1 is the store itself: take it out of migrate_from"
        fi
        count=$((count + 1))
        mkdir -p "$work/old/$count"
        printf '%s' "$1" >"$work/old/$count/label"
        printf '%s' "$2$at" >"$work/old/$count/folder"
        scan "$count" "$2$at"
    done
    [ "$found" = yes ] || say "  $1: holds no models"
}

is_same() { [ -e "$2" ] && [ "$(stat -L -c %d:%i -- "$1" 2>/dev/null)" = "$(stat -L -c %d:%i -- "$2")" ]; }

# scan NUMBER FOLDER: its models into $work/models. Only what Ollama takes for the name of a model gets that far.
scan() {
    models=0
    for manifest in "$2"/manifests/*/*/*/*; do
        [ -e "$manifest" ] || [ -h "$manifest" ] || continue
        name=${manifest#"$2/manifests/"}
        if ! is_model "$name"; then
            say "  $(label "$1"): $(printable "$name") is not the name of a model, and is left out"
            continue
        fi
        models=$((models + 1))
        printf '%s %s\n' "$1" "$name" >>"$work/models"
    done
    say "  $(label "$1"): $models models"
}

# is_model HOST/NAMESPACE/MODEL/TAG: by the grammar of Ollama's types/model/name.go.
is_model() {
    case $1 in *[!A-Za-z0-9_.:/-]*) return 1 ;; esac
    case /$1 in */.* | */-*) return 1 ;; esac
    rest=${1#*/}
    case $rest in *:*) return 1 ;; esac
    case ${rest%%/*} in *.*) return 1 ;; esac
}

# shown NAME: as `ollama list` shows it.
shown() {
    short=${1#registry.ollama.ai/}
    [ "$short" = "$1" ] || short=${short#library/}
    printf '%s:%s' "${short%/*}" "${short##*/}"
}

# digests MANIFEST: what it names, as HEX, one a line; fails where it is not a whole manifest.
digests() {
    is_plain "$1" && [ "$(bytes "$1")" -le 16000000 ] || return 1
    [ "$(tr -cd '{' <"$1" | wc -c)" -eq "$(tr -cd '}' <"$1" | wc -c)" ] || return 1
    tr '{},[]' '\n' <"$1" | sed -n 's/^[[:space:]]*"digest"[[:space:]]*:[[:space:]]*//p' >"$work/named"
    [ -s "$work/named" ] || return 1
    ! grep -qvE '^"sha256[:-][0-9a-f]{64}"[[:space:]]*$' "$work/named" || return 1
    sed 's/^"sha256.\([0-9a-f]*\)".*/\1/' "$work/named"
}

# ---------------------------------------------------------------- what is to be done

# decide NUMBER NAME: its verdict into $work/verdict, and what it needs into $work/needs.
#   copy    the store has no such model            same   it has this one        differs  it has another one of this name
#   earlier an old store that is named before has another one                    again    ... has this one
# It fails where the manifest is not whole.
# Two manifests are of one model when they name the same blobs: `ollama create` also writes the folder into them.
decide() {
    manifest=$(old_store "$1")/manifests/$2
    digests "$manifest" >"$work/needs" || return 1
    settled=$work/settled/$2
    if [ -e "$settled" ]; then
        if cmp -s "$settled" "$work/needs"; then verdict=again; else verdict=earlier; fi
        return 0
    fi
    verdict=copy
    [ -e "$store/manifests/$2" ] || return 0
    digests "$store/manifests/$2" >"$work/has" || return 0
    if cmp -s "$work/has" "$work/needs"; then
        verdict=same
    elif [ "$replace" = no ]; then
        verdict=differs
    fi
}

settle() {
    mkdir -p "$work/settled/${1%/*}"
    cp -- "$work/needs" "$work/settled/$1"
}

# in_old NUMBER HEX: the file of a blob in an old store, by today's name or by that of early 2024.
in_old() {
    folder=$(old_store "$1")/blobs
    for file in "$folder/sha256-$2" "$folder/sha256:$2"; do
        if is_plain "$file"; then
            printf '%s' "$file"
            return 0
        fi
    done
    return 1
}

# anywhere HEX: a blob is the same wherever it lies, so that a store may help out another one.
anywhere() {
    other=0
    while [ "$other" -lt "$count" ]; do
        other=$((other + 1))
        in_old "$other" "$1" && return
    done
    return 1
}

# lacks: into $lacking, which of the blobs that are needed are nowhere.
lacks() {
    lacking=
    while read -r hex; do
        anywhere "$hex" >/dev/null || [ -e "$store/blobs/sha256-$hex" ] || lacking="$lacking sha256-$hex"
    done <"$work/needs"
    [ -n "$lacking" ]
}

# add_up: counts the blobs that are needed and were not counted before.
add_up() {
    while read -r hex; do
        file=$(anywhere "$hex") && [ ! -e "$work/counted/$hex" ] || continue
        : >"$work/counted/$hex"
        size=$(bytes "$file")
        if [ -e "$store/blobs/sha256-$hex" ] && [ "$(bytes "$store/blobs/sha256-$hex")" -eq "$size" ]; then
            there_blobs=$((there_blobs + 1))
            there_bytes=$((there_bytes + size))
        else
            copy_blobs=$((copy_blobs + 1))
            copy_bytes=$((copy_bytes + size))
            largest=${largest:-$file}
            ! is_plain "$store/.migrate/sha256-$hex" || part_bytes=$((part_bytes + $(bytes "$store/.migrate/sha256-$hex")))
        fi
    done <"$work/needs"
}

# foresee: what would happen to each model, and the sums.
foresee() {
    while read -r number name; do
        model=$(shown "$name")
        if ! decide "$number" "$name"; then
            foretell "$model" BROKEN "its manifest in $(label "$number") cannot be read, or is not whole"
            continue
        fi
        before=$copy_bytes
        case $verdict in
            again) ;;
            earlier) foretell "$model" DIFFERS "$(label "$number") has another one than a store named before it" ;;
            differs) foretell "$model" DIFFERS "$(label "$number") has another one than the store, which keeps its own" ;;
            *)
                if lacks; then
                    foretell "$model" INCOMPLETE "$(label "$number") lacks$lacking"
                    continue
                fi
                add_up
                settle "$name"
                if [ "$verdict" = same ] && [ "$copy_bytes" -eq "$before" ]; then
                    foretell "$model" 'is there' "as in $(label "$number")"
                else
                    foretell "$model" 'to copy' "$(amount $((copy_bytes - before))) from $(label "$number")"
                fi
                ;;
        esac
    done <"$work/models"
    rm -rf -- "$work/settled"
}

foretell() {
    [ "$dry" = yes ] || return 0
    record "$1" "$2" "$3"
    case $2 in
        BROKEN | INCOMPLETE) bad=$((bad + 1)) ;;
        DIFFERS) differing=$((differing + 1)) ;;
    esac
}

record() { printf '  %-40s %-10s %s\n' "$1" "$2" "$3" >>"$work/summary"; }

# room: bytes that are free in the store.
room() {
    at=$store
    [ -d "$at" ] || at=${store%/*}/
    kib=$(df -Pk -- "$at" | tail -n 1 | sed 's/.* \([0-9]\{1,\}\) \{1,\}[0-9]\{1,\}% .*/\1/')
    case $kib in
        '' | *[!0-9]*) echo 0 ;;
        *) echo $((kib * 1024)) ;;
    esac
}

# can_share: whether copies into the store take no room.
can_share() {
    [ -n "$largest" ] && cp --reflink=always -- "$largest" "$store/.migrate/share" 2>/dev/null
    shared=$?
    rm -f -- "$store/.migrate/share"
    return "$shared"
}

# ---------------------------------------------------------------- one blob, one model

# bring NUMBER HEX: the blob is in the store, and its content was seen to be right; each blob is looked at once.
bring() {
    [ ! -e "$work/good/$2" ] || return 0
    [ ! -e "$work/bad/$2" ] || return 1
    blob=$store/blobs/sha256-$2
    if [ -f "$blob" ]; then
        if is_intact "$blob" "$2"; then
            : >"$work/good/$2"
            return 0
        fi
        say "  sha256-$2: DAMAGED in the store itself; taken anew"
    elif [ -e "$blob" ]; then
        give_up "$(printable "$blob") is in the way: it is no file"
    fi
    other=$1
    next=0
    while [ "$other" -le "$count" ]; do
        if file=$(in_old "$other" "$2"); then
            if fetch "$file" "$2"; then
                : >"$work/good/$2"
                return 0
            fi
            say "  sha256-$2: DAMAGED in $(label "$other")"
        fi
        next=$((next + 1))
        [ "$next" -ne "$1" ] || next=$((next + 1))
        other=$next
    done
    : >"$work/bad/$2"
    return 1
}

# fetch FILE HEX: a verified copy under its name in the store; false where the content of the file is not right.
fetch() {
    part=$store/.migrate/sha256-$2
    say "  sha256-$2: $(amount "$(bytes "$1")")"
    if ! continue_copy "$1" "$part" || ! is_intact "$part" "$2"; then
        rm -rf -- "$part"
        if ! copy "$1" "$part" || ! is_intact "$part" "$2"; then
            if is_intact "$1" "$2"; then
                cat "$work/error" >&2
                give_up "the store cannot be written, or what is written to it changes; when that is mended, run this again"
            fi
            rm -f -- "$part"
            return 1
        fi
    fi
    # What has a digest for its name is never looked at again: it must be on the disk before it gets it.
    if ! { chmod 0644 "$part" && flush "$part" && mv -f -- "$part" "$store/blobs/sha256-$2"; }; then
        give_up 'the store cannot be written'
    fi
}

copy() { interruptible cp ${sharing:+"$sharing"} -- "$1" "$2" 2>"$work/error"; }

# continue_copy FILE PART: goes on where a copy was cut off; false where there is nothing to go on from.
continue_copy() {
    is_plain "$2" || return 1
    have=$(bytes "$2")
    [ "$have" -gt 0 ] && [ "$have" -le "$(bytes "$1")" ] || return 1
    interruptible tail -c "+$((have + 1))" -- "$1" >>"$2" 2>"$work/error"
}

flush() { sync -- "$1" 2>/dev/null || sync; }

# migrate_model NUMBER NAME
migrate_model() {
    model=$(shown "$2")
    old=$(label "$1")
    if ! decide "$1" "$2"; then
        lose "$1" "$model" BROKEN "its manifest in $old cannot be read, or is not whole"
        return
    fi
    case $verdict in
        again) return ;;
        earlier)
            differ "$1" "$model" "$old has another one; that of the store named first was taken"
            return
            ;;
        differs)
            differ "$1" "$model" "the store has another one than $old and keeps it; --replace takes that of $old"
            return
            ;;
    esac
    if lacks; then
        lose "$1" "$model" INCOMPLETE "$old lacks$lacking"
        return
    fi
    lost=
    while read -r hex <&3; do
        bring "$1" "$hex" || lost="$lost sha256-$hex"
    done 3<"$work/needs"
    if [ -n "$lost" ]; then
        lose "$1" "$model" DAMAGED "in $old:$lost"
        return
    fi
    settle "$2"
    if [ "$verdict" = same ]; then
        record "$model" 'is there' "as in $old"
    elif enter "$manifest" "$2"; then
        record "$model" copied "from $old"
    else
        differ "$1" "$model" "the store got another one meanwhile"
    fi
}

# enter MANIFEST NAME: the model appears, as a whole and at once. Without --replace nothing is overwritten, not even
# what somebody pulls in this very moment: a link is refused where there is a file.
enter() {
    target=$store/manifests/$2
    new=$store/.migrate/manifest
    # What is left of an interrupted run may be one file with a manifest of the store: never write into it.
    rm -f -- "$new"
    if ! { mkdir -p -- "${target%/*}" && cp -- "$1" "$new" && cmp -s "$1" "$new" && chmod 0644 "$new" && flush "$new"; }; then
        give_up 'the store cannot be written'
    fi
    flush "$store/blobs"
    # What is there and is no manifest (an empty file is what a power cut leaves) is in nobody's use.
    if [ "$replace" = no ] && ! { [ -f "$target" ] && ! digests "$target" >/dev/null; }; then
        ln -- "$new" "$target" 2>/dev/null
        linked=$?
        rm -f -- "$new"
        [ "$linked" -ne 0 ] || return 0
        digests "$target" >"$work/has" && cmp -s "$work/has" "$work/needs"
        return
    fi
    mv -f -- "$new" "$target" || give_up 'the store cannot be written'
}

lose() {
    bad=$((bad + 1))
    label "$1" >>"$work/keep"
    echo >>"$work/keep"
    record "$2" "$3" "$4"
}

differ() {
    differing=$((differing + 1))
    label "$1" >>"$work/keep"
    echo >>"$work/keep"
    record "$2" DIFFERS "$3"
}

# ---------------------------------------------------------------- all of them

# copy_here STORE_FOLDER OLD_FOLDER...
copy_here() {
    [ $# -ge 2 ] || give_up '--here needs the folder of the store, and at least one old one'
    store=${1%/}
    shift
    mkdir "$work/old" "$work/counted" "$work/good" "$work/bad"
    : >"$work/models"
    : >"$work/summary"
    : >"$work/error"
    : >"$work/keep"
    count=0
    bad=0
    differing=0
    copy_blobs=0
    copy_bytes=0
    there_blobs=0
    there_bytes=0
    part_bytes=0
    largest=
    for old in "$@"; do
        case $old in *[[:cntrl:]]*) give_up "$(printable "$old"): a name with a control character" ;; esac
        [ -d "$old" ] || give_up "there is no folder $old"
        add_old "$(name_of "$old")" "${old%/}"
    done
    foresee
    free=$(room)
    say "to copy: $copy_blobs blobs, $(amount "$copy_bytes"); there already: $there_blobs blobs, $(amount "$there_bytes");" \
        "free in the store: $(amount "$free")"
    if [ "$dry" = no ]; then
        transfer
    else
        cat "$work/summary"
        [ "$copy_bytes" -le "$((free + part_bytes))" ] || say 'That is too much, unless both are on a file system that shares content.'
        say 'Nothing was copied: this was a dry run, which does not read the blobs.'
    fi
    finish
}

# name_of FOLDER: what it is called outside the container, where MIGRATE_LABELS has a line for each /old/NUMBER.
name_of() {
    if [ -n "${MIGRATE_LABELS:-}" ]; then
        printf '%s\n' "$MIGRATE_LABELS" | sed -n "${1##*/}p"
    else
        printf 'folder %s' "${1%/}"
    fi
}

transfer() {
    mkdir -p -- "$store/blobs" "$store/manifests" "$store/.migrate" || give_up 'the store cannot be written'
    if [ "$(stat -c %d -- "$store/blobs")" != "$(stat -c %d -- "$store/.migrate")" ]; then
        give_up 'blobs is a mount of its own in the store: what is copied could not be renamed into it'
    fi
    sharing=
    ! cp --help 2>/dev/null | grep -q -- --reflink || sharing=--reflink=auto
    if [ "$copy_bytes" -gt "$((free + part_bytes))" ] && ! can_share; then
        give_up "there is not enough room: $(amount $((copy_bytes - free - part_bytes))) more are needed in the store; nothing was copied"
    fi
    while read -r number name <&4; do
        migrate_model "$number" "$name"
    done 4<"$work/models"
    rm -rf -- "$store/.migrate"
    say 'summary'
    cat "$work/summary"
    farewell
}

farewell() {
    say 'The old stores are as they were. When verify.sh says that all is well, remove them by hand:'
    number=0
    while [ "$number" -lt "$count" ]; do
        number=$((number + 1))
        advise "$number" "$(label "$number")"
    done | uniq
    ! grep -q '^volume ' "$work"/old/*/label ||
        say 'Docker refuses to remove a volume while a container has it, even a stopped one (docker ps -a --filter volume=NAME).'
}

# advise NUMBER LABEL: how to remove an old store, where all of its models are in the new one.
advise() {
    if grep -qxF -e "$2" "$work/keep"; then
        say "  keep $2: not all of its models are in the store"
        return
    fi
    case $2 in
        'volume '*) say "  docker volume rm $(word "${2#volume }")" ;;
        *)
            folder=$(old_store "$1")
            # In a container the folder is mounted elsewhere.
            [ -z "${MIGRATE_LABELS:-}" ] || folder=${2#folder }$(printf '%s' "$folder" | sed 's|^/old/[0-9]*||')
            say "  rm -r -- $(word "$folder/blobs") $(word "$folder/manifests")"
            ;;
    esac
}

# finish: in a container with a code that Docker does not use itself.
finish() {
    code=0
    [ "$differing" -eq 0 ] || code=3
    [ "$bad" -eq 0 ] || code=1
    [ "$bad" -eq 0 ] || complain "models that could not be copied, or cannot be: $bad"
    [ "$code" -eq 0 ] || [ -z "${MIGRATE_LABELS:-}" ] || code=$((code + 40))
    exit "$code"
}

# ---------------------------------------------------------------- with Docker

# shellcheck disable=SC2329  # a trap calls it
stopped() {
    trap '' HUP INT TERM
    complain 'stopped; run it again and it goes on' 2>&9
    [ -z "$running" ] || kill "$running" 2>/dev/null
    [ -z "${container:-}" ] || docker stop -t 5 "$container" >/dev/null 2>&1
    exit 143
}

# with_docker [OLD...]: in a container of the store's writer for each store, which has the rights and the mounts for it.
with_docker() {
    case $only in
        '' | scratch) ;;
        *) give_up "no models move into a store $(printable "$only") on this host" ;;
    esac
    command -v docker >/dev/null 2>&1 || give_up "docker is missing here; this is meant for host "gate
    # Else it would take every volume for one that is not there.
    docker version >/dev/null 2>"$work/said" || give_up "docker does not work for $(id -un): $(tail -n 1 "$work/said")"
    script=$(cat -- "$0") || exit 2
    CDPATH='' cd -- "$(dirname -- "$0")" || exit 2
    named=$(docker compose config 2>/dev/null | sed -n 's/^name: //p' | tr -d '"')
    project=${named:-$project}
    worst=0
    if [ -z "$only" ] || [ "$only" = scratch ]; then
        if [ $# -gt 0 ]; then
            migrate scratch trial-1 "$@"
        else
            migrate scratch trial-1 ollama_data /usr/share/ollama/.ollama
        fi
    fi
    exit "$worst"
}

# remember CODE: 2 is worse than 1, and that worse than 3.
remember() {
    case $worst,$1 in
        2,* | *,0 | 1,3) ;;
        *) worst=$1 ;;
    esac
}

# migrate STORE WRITER OLD...
migrate() {
    store=$1
    writer=$2
    shift 2
    say "store $store, written by $writer:"
    : >"$work/mounts"
    : >"$work/labels"
    for old in "$@"; do
        find_old "$old" || remember 1
    done
    if [ ! -s "$work/labels" ]; then
        complain "store $store: none of the old stores is here"
        remember 1
        return
    fi
    contain "$(cat "$work/labels")"
}

# find_old OLD: how it is mounted, and what it is called. Docker would make what is not there, and it would be empty.
find_old() {
    case $1 in
        *:* | *[[:cntrl:]]*) give_up "$(printable "$1"): a name with a colon or a control character cannot be mounted" ;;
        /*)
            if [ ! -d "$1" ]; then
                say "  folder $1: not here, or not to be seen by $(id -un)"
                return 1
            fi
            add_mount "$1" "folder $1"
            ;;
        *)
            if docker volume inspect "$1" >/dev/null 2>&1; then
                if docker volume inspect "${project}_$1" >/dev/null 2>&1; then
                    say "  volume $1: taken; there is also ${project}_$1, which has to be named in full"
                fi
                add_mount "$1" "volume $1"
            elif docker volume inspect "${project}_$1" >/dev/null 2>&1; then
                add_mount "${project}_$1" "volume ${project}_$1"
            else
                say "  volume $1: not here, nor is ${project}_$1"
                return 1
            fi
            ;;
    esac
}

add_mount() {
    printf '%s\n' "$1" >>"$work/mounts"
    printf '%s\n' "$2" >>"$work/labels"
}

# contain LABELS: the copy itself. The name of the container keeps out a second one.
contain() {
    container=$project-$store-migration
    case $(docker inspect --format '{{.State.Running}}' "$container" 2>/dev/null) in
        true) give_up "it is running already; docker logs -f $container shows how far it is, docker stop $container stops it" ;;
        false) docker rm "$container" >/dev/null || exit 2 ;;
    esac
    labels=$1
    set --
    [ "$dry" = no ] || set -- "$@" --dry-run
    [ "$replace" = no ] || set -- "$@" --replace
    set -- "$@" /models
    number=0
    while read -r _; do
        number=$((number + 1))
        set -- "$@" "/old/$number"
    done <"$work/mounts"
    set -- -e "MIGRATE_LABELS=$labels" --entrypoint /bin/sh "$writer" -c "$script" migrate-models.sh --here "$@"
    number=0
    while read -r mount; do
        number=$((number + 1))
        set -- -v "$mount:/old/$number:ro" "$@"
    done <"$work/mounts"
    interruptible docker compose run --rm -T --no-deps --name "$container" "$@"
    case $? in
        0) remember 0 ;;
        41) remember 1 ;;
        43) remember 3 ;;
        *) remember 2 ;;
    esac
    container=
}

# ---------------------------------------------------------------- from here

LC_ALL=C
export LC_ALL
umask 022
dry=no
replace=no
only=
here=no

while [ $# -gt 0 ]; do
    case $1 in
        --here) here=yes ;;
        --dry-run) dry=yes ;;
        --replace) replace=yes ;;
        --store)
            [ $# -ge 2 ] || give_up '--store needs the name of a store'
            only=$2
            shift
            ;;
        --store=*) only=${1#--store=} ;;
        -h | --help) usage; exit 0 ;;
        --) shift; break ;;
        -*)
            complain "unknown argument: $(printable "$1")"
            usage >&2
            exit 2
            ;;
        *) break ;;
    esac
    shift
done

work=$(mktemp -d) || exit 2
trap 'rm -rf -- "$work"' EXIT
exec 9>&2 # what a signal interrupts may have its own standard error
trap stopped HUP INT TERM

if [ "$here" = yes ]; then
    copy_here "$@"
else
    with_docker "$@"
fi
