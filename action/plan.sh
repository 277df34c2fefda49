#!/bin/bash
# Writes what the pull request changes on the hosts to a file for each topology, and to the summary of the job.
set -euo pipefail

plan=$RUNNER_TEMP/composegen-plan-${TOPOLOGY//\//-}.md

# The commit that the pull request is to be merged into. Whoever checks out as GitHub proposes has a trial merge: its
# first parent is that commit.
base() {
    local first
    first=$(git cat-file commit HEAD | sed -n '/^$/q; s/^parent //p' | head -n 1)
    if [ "$GITHUB_EVENT_NAME" = pull_request ] && [ "$(git rev-parse HEAD)" = "$GITHUB_SHA" ] && [ -n "$first" ]; then
        git cat-file -e "$first^{commit}" 2>/dev/null || fetch "$first" || return
        echo "$first"
    else
        fetch "$GITHUB_BASE_REF" || return
        git merge-base HEAD FETCH_HEAD || git rev-parse FETCH_HEAD
    fi
}

# A clone with all its history stays one.
fetch() {
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        set -- --depth=1 origin "$1"
    else
        set -- origin "$1"
    fi
    git fetch --quiet --no-tags "$@"
}

if ! against=$(base) || ! against=$(git rev-parse --short=12 "$against"); then
    echo "::warning title=composegen::No plan: the commit to compare with is not here. Give actions/checkout fetch-depth: 2."
    exit 0
fi

arguments=(diff --against "$against" --format markdown --detailed-exitcode)
if [ -n "$OUTPUT" ]; then arguments+=(--output "$OUTPUT"); fi
ended=0
"$RUNNER_TEMP/composegen/bin/composegen" "${arguments[@]}" -- "$TOPOLOGY" >"$plan.body" || ended=$?
# Whoever begins has nothing to compare with, and did nothing wrong.
if [ "$ended" = 1 ] && [ -f "$TOPOLOGY" ] && ! git cat-file -e "$against:./$TOPOLOGY" 2>/dev/null; then ended=new; fi
case $ended in
0) changes=false ;;
2) changes=true ;;
new)
    changes=true
    echo "**composegen**: no plan, because $against has no \`$TOPOLOGY\` to compare with: it is new." >"$plan.body"
    ;;
*)
    changes=false
    echo "**composegen**: no plan, because it ended with an error ($ended). What is wrong stands in the log." >"$plan.body"
    ;;
esac

# The first line marks the comment as the one of this topology, so that the next run finds it.
{ printf '<!-- composegen plan of %s -->\n' "$TOPOLOGY" && cat "$plan.body"; } >"$plan"
cat "$plan" >>"$GITHUB_STEP_SUMMARY"
printf 'changes=%s\nplan=%s\n' "$changes" "$plan" >>"$GITHUB_OUTPUT"
