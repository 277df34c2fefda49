#!/bin/sh
# Asks every endpoint of nas-llm whether it serves what it should. Changes nothing.
# Written by composegen. Do not edit: change the topology and render again.

# Values of the topology stand in single quotes, where a dollar is a dollar.
# shellcheck disable=SC2016

usage() {
    cat <<'END'
usage: sh verify.sh [--host HOST]

Asks every instance for its version and its models, looks whether stores are mounted and GPUs are seen, and tries what the
gateway lets through. Run it on any machine that reaches the hosts; `ssh` is used for what only the host itself can tell.

  --host HOST   only what runs on this host
  --help        this text

Exit codes: 0 all well, 1 something is wrong (each line that says FAIL is followed by what to do), 2 could not check.
END
}

only=
while [ $# -gt 0 ]; do
    case $1 in
        --host)
            if [ $# -lt 2 ]; then
                echo 'verify.sh: --host needs the name of a host' >&2
                exit 2
            fi
            only=$2
            shift
            ;;
        --host=*) only=${1#--host=} ;;
        -h | --help) usage; exit 0 ;;
        *) printf 'verify.sh: unknown argument: %s\n' "$1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

case $only in
    '' | alpha | beta) ;;
    *) printf 'verify.sh: no host is called %s\n' "$only" >&2; exit 2 ;;
esac
if ! command -v curl >/dev/null 2>&1; then
    echo 'verify.sh: curl is missing here; install it (apt-get install curl), or run this on another machine' >&2
    exit 2
fi

LC_ALL=C
export LC_ALL
work=$(mktemp -d) || exit 2
trap 'rm -rf -- "$work"' EXIT
trap 'exit 2' HUP INT TERM
checks=0
failures=0

passed() {
    checks=$((checks + 1))
    printf 'ok    %s\n' "$1"
}

# failed WHAT WHAT_TO_DO
failed() {
    checks=$((checks + 1))
    failures=$((failures + 1))
    printf 'FAIL  %s\n      do: %s\n' "$1" "$2"
}

selected() { [ -z "$only" ] || [ "$only" = "$1" ]; }

# words: the lines of the input on one line.
words() { tr '\n' ' ' | sed 's/ $//'; }

# ask URL: the answer; fails unless the status is 2xx. Where only the host itself gets one, $through is the way.
through=
ask() {
    if [ -n "$through" ]; then
        ssh -o BatchMode=yes -o ConnectTimeout=10 -- "$through" \
            "curl --globoff --noproxy '*' --silent --fail --max-time 10 -- '$1'" </dev/null 2>"$work/ssh"
    else
        curl --globoff --noproxy '*' --silent --fail --max-time 10 -- "$1"
    fi
}

# on_host HOST SSH ALONE COMMAND: what the command prints there. SSH is empty for the machine on which this runs; ALONE
# is yes where only one host can be that machine. Fails with 255 when ssh does not work, with 254 when it cannot be told
# which host this is.
on_host() {
    if [ -n "$2" ]; then
        ssh -o BatchMode=yes -o ConnectTimeout=10 -- "$2" "$4" </dev/null 2>"$work/ssh"
    elif [ "$3" = yes ] || [ "$only" = "$1" ]; then
        sh -c "$4" </dev/null 2>"$work/ssh"
    else
        return 254
    fi
}

version_in() { sed -n 's/.*"version"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p'; }

# models_in: the names in an answer of /api/tags, sorted, one a line.
models_in() {
    tr '{},' '\n' | sed -n 's/^[[:space:]]*"name"[[:space:]]*:[[:space:]]*"\([^"]*\)"[[:space:]]*$/\1/p' | sort -u
}

# expected STORE: the models that the topology puts into a store, sorted, one a line.
expected() {
    case $1 in
        models)
            printf '%s\n' llama3.2:3b
            ;;
    esac | sort -u
}

# instance HOST FOLDER CONTAINER URL SERVICE STORE HINT GUARDED SSH ALONE: answers, with the version and the models of
# all others. GUARDED is yes where the firewall of the host lets only the gateway and the host itself ask.
instance() {
    selected "$1" || return 0
    through=
    version=$(ask "$4/api/version" | version_in)
    if [ -z "$version" ] && [ "$8" = yes ] && [ -n "$9" ]; then
        through=$9
        version=$(ask "$4/api/version" | version_in)
    fi
    if [ -z "$version" ] && [ "$8" = yes ] && [ -z "$9" ] && [ "${10}" = no ] && [ -z "$only" ]; then
        printf 'note  %s %s: only the gateway and the host itself may ask it: sh verify.sh --host %s there\n' "$1" "$3" "$1"
        return 0
    fi
    if [ -z "$version" ]; then
        failed "$1 $3: no answer from $4/api/version" "on $1: cd $2 && docker compose ps && docker compose logs --tail 50 $3"
        return 0
    fi
    passed "$1 $3: $4 answers, version $version"
    printf '%s %s %s\n' "$version" "$1" "$3" >>"$work/versions-$5"
    if ! ask "$4/api/tags" >"$work/answer"; then
        failed "$1 $3: $4/api/tags answers an error" "on $1: cd $2 && docker compose logs --tail 50 $3, then docker compose restart $3"
        return 0
    fi
    models_in <"$work/answer" >"$work/have"
    expected "$6" >"$work/want"
    missing=$(comm -13 "$work/have" "$work/want" | words)
    if [ -n "$missing" ]; then
        failed "$1 $3: models missing: $missing" "$7"
    else
        passed "$1 $3: has all $(wc -l <"$work/want" | tr -d ' ') models of the topology"
    fi
    same_models "$1 $3" "$6"
}

# same_models INSTANCE STORE: compares with the first instance on the store.
same_models() {
    if [ ! -f "$work/first-$2" ]; then
        cp "$work/have" "$work/first-$2"
        printf '%s\n' "$1" >"$work/name-$2"
        return 0
    fi
    different=$(comm -3 "$work/first-$2" "$work/have" | tr -d '\t' | words)
    if [ -z "$different" ]; then
        passed "$1: the same models as $(cat "$work/name-$2")"
    else
        failed "$1: other models than $(cat "$work/name-$2"): $different" \
            'on NFS wait 10 s and ask again; else pull or remove them with the instance that writes the store'
    fi
}

# one_version SERVICE
one_version() {
    [ -f "$work/versions-$1" ] || return 0
    versions=$(cut -d ' ' -f 1 "$work/versions-$1" | sort -u)
    if [ "$(printf '%s\n' "$versions" | wc -l)" -eq 1 ]; then
        passed "service $1: version $versions everywhere"
        return 0
    fi
    found=
    for version in $versions; do
        running=$(awk -v version="$version" '$1 == version { print $2 " " $3 }' "$work/versions-$1" | tr '\n' ',' | sed 's/,$//; s/,/, /g')
        found="$found${found:+; }$version on $running"
    done
    failed "service $1: several versions at once: $found" \
        'finish the upgrade: see Upgrade in README.md'
}

# status ADDRESS CURL_ARGUMENT...: the status of an answer of the gateway, 000 when there is none. ADDRESS is where it
# listens, whatever its name resolves to here. Certificates are not looked at (--insecure): this asks who answers, and
# for what.
status() {
    address=$1
    shift
    curl --globoff --noproxy '*' --silent --insecure --max-time 20 --output "$work/body" --write-out '%{http_code}' \
        --connect-to "::$address" "$@"
}

# gateway HOST FOLDER URL ADDRESS LOGS ADMIN OWN: ADMIN is yes where somebody may change models, OWN where this Traefik
# serves nothing else.
gateway() {
    selected "$1" || return 0
    code=$(status "$4" -- "$3/api/version")
    if [ "$code" = 200 ]; then
        passed "$1 gateway: $3/api/version answers"
    elif [ "$code" = 000 ]; then
        failed "$1 gateway: no answer from $3 (at $4)" "on $1: $5"
        return 0
    else
        failed "$1 gateway: $3/api/version answers $code, not 200" "on $1: $5; 404: no route, 502 to 504: no instance answers"
    fi
    # Requests without content ask for nothing: where they get through, Ollama answers 400.
    for path in /api/generate /api/chat /v1/chat/completions; do
        routed "$1" "$4" "$3" "$path" "$5"
    done
    refused=
    for call in 'POST /api/pull' 'POST /api/push' 'POST /api/create' 'POST /api/copy' 'DELETE /api/delete' \
        'POST /api/blobs/none'; do
        guarded "$1" "$4" "$3" "$call" "$5" "$6"
    done
    [ -z "$refused" ] || passed "$1 gateway: changing models without credentials is refused ($refused)"
    [ "$7" = no ] || unknown "$1" "$4" "$3" "$5"
}

# routed HOST ADDRESS URL PATH LOGS: a request for inference comes to an instance.
routed() {
    code=$(status "$2" --request POST --data '' -- "$3$4")
    if [ "$code" = 400 ] && grep -q '"error"' "$work/body"; then
        passed "$1 gateway: $4 comes to an instance"
    else
        failed "$1 gateway: $4 answers $code, not what an instance answers to a request without content" \
            "on $1: $5; 404: no route, 502 to 504: no instance answers"
    fi
}

# guarded HOST ADDRESS URL CALL LOGS ADMIN: what changes models is refused; collects the statuses in $refused.
guarded() {
    code=$(status "$2" --request "${4%% *}" --data '' -- "$3${4#* }")
    case $6,$code in
        *,401 | *,403 | no,404)
            case " $refused " in *" $code "*) ;; *) refused="$refused${refused:+ }$code" ;; esac
            ;;
        yes,404)
            failed "$1 gateway: ${4#* } is not routed (404), although somebody may change models" \
                "on $1: $5; Traefik drops a route whose file of users is missing or cannot be read"
            ;;
        *)
            failed "$1 gateway: ${4#* } without credentials answers $code, not 401, 403 or 404" \
                'anybody may change models: look at the dynamic file of Traefik, then render and bring it there again'
            ;;
    esac
}

# unknown HOST ADDRESS URL LOGS: what no route names is answered by nobody.
unknown() {
    code=$(status "$2" -- "$3/composegen/no/such/path")
    if [ "$code" = 404 ]; then
        passed "$1 gateway: a path that nobody serves answers 404"
    else
        failed "$1 gateway: a path that nobody serves answers $code, not 404" "something else is routed there; on $1: $4"
    fi
}

instance alpha /opt/nas-llm ollama-1 http://10.0.0.11:11434 ollama models 'on alpha: cd /opt/nas-llm && docker compose up -d --wait; if that fails: docker compose logs ollama-init' yes ops@10.0.0.11 no
instance beta /opt/nas-llm ollama-1 http://10.0.0.12:11434 ollama models 'on alpha: cd /opt/nas-llm && docker compose up -d --wait; if that fails: docker compose logs ollama-init' yes ops@10.0.0.12 no
instance beta /opt/nas-llm ollama-2 http://10.0.0.12:11435 ollama models 'on alpha: cd /opt/nas-llm && docker compose up -d --wait; if that fails: docker compose logs ollama-init' yes ops@10.0.0.12 no
one_version ollama
gateway alpha /opt/nas-llm https://llm.example:443 10.0.0.11:443 'look at the log of your Traefik' no no

if [ "$checks" -eq 0 ]; then
    echo 'Nothing to check here.'
elif [ "$failures" -eq 0 ]; then
    printf '%s checks, all well.\n' "$checks"
else
    printf '%s checks, %s failed.\n' "$checks" "$failures"
    exit 1
fi
