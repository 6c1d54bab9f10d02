#!/bin/sh
# shellcheck disable=SC2016  # the single-quoted texts are scripts that the agent writes
# The demo's agent: it knows the demo's issues by heart. A real agent would read $RUNNER_PROMPT_FILE. It works in its current
# folder, a git worktree, and commits there. It has no credential and cannot push.
set -eu
echo "$RUNNER_REPO#$RUNNER_ISSUE turn $RUNNER_TURN_NUMBER ($RUNNER_TURN_KIND)" >> "$DEMO_AGENT_LOG"
export GIT_AUTHOR_NAME=demo-agent GIT_AUTHOR_EMAIL=agent@example.com
export GIT_COMMITTER_NAME=demo-agent GIT_COMMITTER_EMAIL=agent@example.com

commit() {
    git add -A
    git commit -q -m "$1"
    echo "committed: $1"
}

echo "reading $RUNNER_PROMPT_FILE"
head -n 1 "$RUNNER_PROMPT_FILE"
case "$RUNNER_REPO#$RUNNER_ISSUE $RUNNER_TURN_KIND" in
"acme/greeter#1 opening")
    # Good enough for the quick tests, but not for what CI checks.
    printf '#!/bin/sh\necho "Hello, $1!"\n' > greet.sh
    commit "Greet by name"
    ;;
"acme/greeter#1 corrective")
    printf '#!/bin/sh\necho "Hello, ${1:-stranger}!"\n' > greet.sh
    commit "Greet a stranger when no name is given"
    ;;
"acme/greeter#2 opening")
    printf '#!/bin/sh\n"$(dirname "$0")"/greet.sh "$@" | tr "[:lower:]" "[:upper:]"\n' > shout.sh
    chmod +x shout.sh
    commit "Shout a greeting"
    ;;
acme/stubborn#1*)
    # Changes something in every turn, and never what is wrong.
    echo "attempt $RUNNER_TURN_NUMBER" >> notes.txt
    commit "Try harder ($RUNNER_TURN_NUMBER)"
    ;;
"acme/docs#1 opening")
    runner report --blocked "the issue asks for the text of a contract that is not in the repository"
    ;;
"acme/steady#1 opening")
    echo "steady" > steady.txt
    commit "Stand steady"
    ;;
*)
    echo "this issue is not in my script"
    exit 1
    ;;
esac
printf '{"usd": "0.12", "tokens": 4200}\n' > "$RUNNER_TURN_DIR/usage.json"
