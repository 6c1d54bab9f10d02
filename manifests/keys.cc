#include "manifests/keys.h"

#include <array>

#include <fmt/format.h>

namespace manifests {

namespace {

using enum KeyType;

constexpr auto kKeys = std::to_array<KeySpec>({
    {"fleet", "kill_switch", boolean, "true",
     "While true nothing is read, written or started. Turn it off to arm the fleet.", ""},
    {"fleet", "allow", names, "[]",
     "Names of the repositories that may be worked on. Empty means none.", ""},
    {"fleet", "state_dir", path, "\"./state\"",
     "Folder of the runner's own state: database, turns, mirrors, worktrees.", ""},
    {"fleet", "labels", sub_table, "", "The labels that the runner reads and sets on issues.", ""},
    {"fleet", "containment", choice, "\"auto\"",
     "What holds a turn: the strongest that works here, any strong one or nothing, or this very "
     "one.",
     "auto|strong|sandbox|namespace|cgroup|group"},
    {"fleet", "bot", text, "\"runner\"",
     "Name of the runner itself on the trackers; never trusted.", ""},
    {"fleet", "metrics_textfile", path, "",
     "File that every tick writes the metrics to, for node_exporter's textfile collector.", ""},
    {"fleet.labels", "ready", text, "\"ready-for-agent\"", "A person sets it to release an issue.",
     ""},
    {"fleet.labels", "in_progress", text, "\"agent-in-progress\"",
     "The runner sets it while an issue is being worked on.", ""},
    {"fleet.labels", "human", text, "\"ready-for-human\"",
     "The runner sets it when a person has to look.", ""},

    {"limits", "max_live_runs", count, "2", "Runs at the same time, over the whole fleet.", ""},
    {"limits", "max_starts_per_tick", count, "2",
     "Runs that one tick may start; at most max_live_runs.", ""},
    {"limits", "turn_deadline", duration, "\"1h\"", "Wall clock of one turn of an agent.", ""},
    {"limits", "turn_silence", duration, "\"15m\"",
     "A turn without output for this long has stalled and is stopped.", ""},
    {"limits", "turn_first_byte", duration, "\"5m\"",
     "A turn must have said something after this long.", ""},
    {"limits", "turn_grace", duration, "\"10s\"",
     "Time between asking a turn to end and killing it.", ""},
    {"limits", "turn_output_bytes", size, "\"64MiB\"", "Output of a turn beyond this is not kept.",
     ""},
    {"limits", "turn_memory_bytes", size, "0",
     "Address space of each process of a turn; 0 = not limited.", ""},
    {"limits", "turn_processes", count, "0", "Processes of a turn; 0 = not limited.", ""},
    {"limits", "turn_file_bytes", size, "0",
     "Size of each file that a turn writes; 0 = not limited.", ""},
    {"limits", "verify_deadline", duration, "\"30m\"", "Wall clock of a command stage.", ""},
    {"limits", "setup_deadline", duration, "\"15m\"", "Wall clock of one setup command.", ""},
    {"limits", "fix_attempts", count, "5", "Corrective turns for red CI; then the run is frozen.",
     ""},
    {"limits", "fix_window", duration, "\"1h\"",
     "Time for them since the first red of the landed commit; then the run is frozen.", ""},
    {"limits", "verify_attempts", count, "3",
     "Corrective turns for a red verification; then a person is called.", ""},
    {"limits", "land_attempts", count, "5",
     "Lost races and conflicts while landing; then a person is called.", ""},
    {"limits", "instance_retries", count, "3",
     "Retries of a turn that failed for a reason of the machine or provider.", ""},
    {"limits", "retry_delay", duration, "\"1m\"",
     "Wait before the first such retry; doubles each time, at most one hour.", ""},
    {"limits", "issue_attempts", count, "3", "Runs of one issue over its lifetime.", ""},
    {"limits", "cooldown", duration, "\"10m\"",
     "Time after a run before the same issue may start again.", ""},
    {"limits", "base_red_deadline", duration, "\"2h\"",
     "How long a base branch that was red before us is waited for.", ""},
    {"limits", "issue_bytes", size, "\"256KiB\"", "Longest issue text that is worked on.", ""},
    {"limits", "disk_free_bytes", size, "\"1GiB\"",
     "No worktree, and no tree for CI, is made that would leave less free disk than this.", ""},
    {"limits", "disk_free_inodes", count, "10000",
     "The same of free inodes, where the file system counts them; 0 = not looked at.", ""},
    {"limits", "land_changed_files", count, "500", "A landing that changes more files is refused.",
     ""},
    {"limits", "land_changed_bytes", size, "\"20MiB\"",
     "A landing that adds more bytes is refused.", ""},
    {"limits", "lease_ttl", duration, "\"2m\"",
     "A tick not heard from for this long has lost its lease.", ""},

    {"budget", "per_turn_usd", usd, "\"5.00\"",
     "Money reserved for one turn, and the most it may spend.", ""},
    {"budget", "per_turn_tokens", count, "2000000", "Tokens reserved for one turn.", ""},
    {"budget", "run_usd", cap_usd, "\"none\"", "Money for one run.", ""},
    {"budget", "run_tokens", cap_count, "10000000", "Tokens for one run.", ""},
    {"budget", "run_turns", cap_count, "12", "Turns of one run.", ""},
    {"budget", "issue_usd", cap_usd, "\"none\"", "Money for one issue over its lifetime.", ""},
    {"budget", "issue_turns", cap_count, "30", "Turns for one issue over its lifetime.", ""},
    {"budget", "repo_day_usd", cap_usd, "\"none\"", "Money per repository and day.", ""},
    {"budget", "repo_day_turns", cap_count, "100", "Turns per repository and day.", ""},
    {"budget", "fleet_day_usd", cap_usd, "\"none\"", "Money of the whole fleet per day.", ""},
    {"budget", "fleet_day_turns", cap_count, "400", "Turns of the whole fleet per day.", ""},
    {"budget", "fleet_day_tokens", cap_count, "\"none\"", "Tokens of the whole fleet per day.", ""},
    {"budget", "fleet_month_usd", cap_usd, "\"none\"",
     "Money of the whole fleet per calendar month.", ""},
    {"budget", "time_zone", text, "\"UTC\"",
     "Zone whose midnight begins a day and a month, such as \"Europe/Berlin\".", ""},

    {"retention", "finished_runs", duration, "\"90d\"", "How long finished runs are remembered.",
     ""},
    {"retention", "decisions", duration, "\"14d\"",
     "How long the reasons of past ticks are remembered.", ""},
    {"retention", "transcripts", duration, "\"30d\"", "How long what agents said is kept.", ""},
    {"retention", "kept_worktrees", duration, "\"7d\"",
     "How long the worktree of a frozen run, or of one that needs a person, is kept.", ""},
    {"retention", "pool_size", count, "1",
     "Idle worktrees kept warm per repository; 0 = removed at once.", ""},
    {"retention", "pool_bytes", size, "\"20GiB\"",
     "Most that these hold together, per repository; the one used longest ago goes first.", ""},
    {"retention", "ignored_bytes", size, "\"10GiB\"",
     "A worktree that holds more than this beside the files of its commit is not used again.", ""},

    {"repo", "name", text, "required", "Name in the fleet, such as \"acme/shop\".", ""},
    {"repo", "remote", text, "required",
     "URL of the git remote, or a path relative to the manifest. Never with a password.", ""},
    {"repo", "remote_user", text, "",
     "https: user that the token belongs to, \"x-access-token\" if absent. ssh: user, if the URL "
     "has "
     "none.",
     ""},
    {"repo", "remote_token_env", text, "", "https: variable that holds a token or password.", ""},
    {"repo", "remote_token_file", path, "", "https: file that holds a token or password.", ""},
    {"repo", "remote_as_tracker", boolean, "false",
     "https: the credential of the repository's tracker, which is on the same host.", ""},
    {"repo", "ssh_key", path, "",
     "ssh: file of a private key, ed25519 or ecdsa, without a passphrase.", ""},
    {"repo", "ssh_known_hosts", path, "",
     "ssh: file of the host keys that are accepted; no other is.", ""},
    {"repo", "base", text, "\"main\"", "Branch that runs start from and land on.", ""},
    {"repo", "landing", choice, "\"push\"",
     "How commits get onto the base: pushed by the runner, or by a pull request that is opened for "
     "them.",
     "push|pull-request"},
    {"repo", "merge_when_green", boolean, "false",
     "The runner merges its pull request itself when CI is green; otherwise a person does.", ""},
    {"repo", "sparse", names, "[]",
     "Folders that its worktrees have, with the files beside and above them; empty = all.", ""},
    {"repo", "tracker", text, "", "Name of a [tracker.X]; not needed when there is only one.", ""},
    {"repo", "tracker_path", text, "",
     "Where its issues are: local: folder below the tracker's; github, forgejo: owner/name; "
     "plane, required: a project's identifier or id; the repository's name if absent.",
     ""},
    {"repo", "agent", text, "", "Name of an [agent.X]; not needed when there is only one.", ""},
    {"repo", "ci", text, "", "Name of a [ci.X]; without it CI is not waited for.", ""},
    {"repo", "pipeline", text, "\"default\"", "Name of a [pipeline.X].", ""},
    {"repo", "notify", names, "[]",
     "Names of the [notify.X] that are told when a person is needed.", ""},
    {"repo", "test", argv, "",
     "The repository's own test command: what verifies work before it lands.", ""},
    {"repo", "setup", argv_list, "[]",
     "Commands that prepare a new worktree, run once per content of setup_locks.", ""},
    {"repo", "setup_locks", names, "[]",
     "Files whose content decides whether setup has to run again.", ""},
    {"repo", "setup_toolchain", text, "",
     "Any words; setup runs again where they change, such as the version of a compiler.", ""},
    {"repo", "cold", names, "[]",
     "Globs of ignored files that the next run of a worktree does not get, unlike other caches.",
     ""},
    {"repo", "smudge", argv_map, "{}",
     "By the filter that .gitattributes names: the program that makes a file of what is committed.",
     ""},
    {"repo", "prompt", long_text, "", "Template of the prompt, instead of the built-in one.", ""},
    {"repo", "prompt_file", path, "", "The same, in a file.", ""},
    {"repo", "prompt_in_repo", text, "",
     "Path in the repository of a template that is taken if it is there; {{stage}} stands for the "
     "stage's name.",
     ""},
    {"repo", "protected_paths", names, "[]",
     "Globs ('*', '**', '?') of files that a landing may not touch.", ""},
    {"repo", "trusted", names, "[]",
     "People trusted to release issues besides those with write permission.", ""},
    {"repo", "env", text_map, "{}", "Environment of setup, verification and CI commands.", ""},

    {"tracker", "kind", choice, "\"local\"", "Where the issues live.",
     "local|github|forgejo|plane"},
    {"tracker", "path", path, "",
     "local, required: folder that holds one folder of Markdown issues per repository.", ""},
    {"tracker", "url", text, "",
     "github: address of the API; \"https://api.github.com\" if absent. forgejo, required: the "
     "server's own. plane: address of the API; \"https://api.plane.so\" if absent.",
     ""},
    {"tracker", "token_env", text, "", "github, forgejo, plane: variable that holds the token.",
     ""},
    {"tracker", "token_file", path, "", "github, forgejo, plane: file that holds the token.", ""},
    {"tracker", "app", sub_table, "", "github: the App that speaks for the runner.", ""},
    {"tracker", "api", choice, "\"auto\"",
     "github: GraphQL, and REST where the server has none; or one of the two.",
     "auto|graphql|rest"},
    {"tracker", "workspace", text, "",
     "plane, required: the workspace's slug, as it stands in its addresses.", ""},
    {"tracker", "states", sub_table, "",
     "plane, required: what the states of its projects are called.", ""},
    {"tracker.app", "id", text, "required", "Its App id or client id.", ""},
    {"tracker.app", "installation", count, "",
     "Its installation; the one of each repository is looked up if absent.", ""},
    {"tracker.app", "key_env", text, "", "Variable that holds its private key (PEM).", ""},
    {"tracker.app", "key_file", path, "", "File that holds its private key (PEM).", ""},
    {"tracker.states", "ready", text, "required",
     "A person moves a work item here to have it worked on.", ""},
    {"tracker.states", "in_progress", text, "required", "The runner works on it.", ""},
    {"tracker.states", "tests_red", text, "", "Its new test fails as it should.", ""},
    {"tracker.states", "green", text, "", "Its work passes the tests.", ""},
    {"tracker.states", "pushed", text, "", "Its work is on the base branch.", ""},
    {"tracker.states", "ci", text, "", "CI of the landed commit runs.", ""},
    {"tracker.states", "deployed", text, "", "It is rolled out.", ""},
    {"tracker.states", "needs_human", text, "required", "The runner needs a person.", ""},
    {"tracker.states", "done", text, "required", "It has landed.", ""},
    {"tracker.states", "approved", text, "",
     "A person approved it: shown as the label \"approved\", starts nothing.", ""},
    {"tracker.states", "rejected", text, "",
     "A person rejected it: shown as the label \"rejected\", starts nothing.", ""},

    {"agent", "kind", choice, "\"command\"", "What sort of agent this is.",
     "command|claude|codex|opencode"},
    {"agent", "command", argv, "",
     "The program and its arguments; one with a '/' is relative to the manifest. Of a known kind: "
     "its program, looked up by the kind's name if absent.",
     ""},
    {"agent", "args", names, "[]", "known kinds: further arguments, behind the runner's own.", ""},
    {"agent", "env", text_map, "{}", "Plain values for its environment.", ""},
    {"agent", "pass_env", names, "[]",
     "Variables handed on from the runner's own environment; the way to give a secret.", ""},
    {"agent", "usage_file", text, "",
     "File below the turn's folder in which it reports tokens and money.", ""},
    {"agent", "model", text, "", "Name of its model; of a known kind, named to it.", ""},
    {"agent", "price_input_usd", usd, "",
     "For a million tokens of input, where the agent reports tokens and no dollars.", ""},
    {"agent", "price_cached_usd", usd, "", "The same for input that came from a cache.", ""},
    {"agent", "price_output_usd", usd, "", "The same for output.", ""},
    {"agent", "after_result", duration, "\"30s\"",
     "known kinds: stopped so long after the final word; 0s = never.", ""},
    {"agent", "repo_settings", boolean, "false",
     "known kinds: settings, hooks and MCP servers of the repository are honoured.", ""},
    {"agent", "network", choice, "\"all\"",
     "What it may reach: everything, only a loopback of its own, or nothing.", "all|loopback|none"},
    {"agent", "proxy", text, "",
     "Address handed on to it as HTTP_PROXY and HTTPS_PROXY, without credentials.", ""},
    {"agent", "caches", paths, "[]",
     "Folders besides the worktree that it, and the commands of its repositories, may write.", ""},
    {"agent", "read", paths, "[]",
     "Files and folders besides the system's that they may read in a sandbox.", ""},

    {"ci", "kind", choice, "\"command\"",
     "Where the verdict comes from: a command on this host, GitHub's checks and statuses, "
     "Forgejo's "
     "or Gitea's statuses and Actions, or Woodpecker.",
     "command|checks|forgejo|woodpecker"},
    {"ci", "command", argv, "[]",
     "command: what checks the landed commit; the repository's test command if absent.", ""},
    {"ci", "deadline", duration, "\"1h\"",
     "A verdict that is not there after this long never comes: a person is called.", ""},
    {"ci", "tracker", text, "",
     "checks, forgejo: the [tracker.X] whose address and credential are used; the repository's if "
     "absent.",
     ""},
    {"ci", "url", text, "", "woodpecker, required: address of the server.", ""},
    {"ci", "token_env", text, "", "woodpecker: variable that holds the token.", ""},
    {"ci", "token_file", path, "", "woodpecker: file that holds the token.", ""},
    {"ci", "expect", names, "[]",
     "All but command: checks, contexts or workflows that must have reported.", ""},
    {"ci", "succeed", names, "[]", "Those of `expect` for which neutral or skipped is not enough.",
     ""},
    {"ci", "settle", duration, "\"2m\"",
     "All but command: without `expect`, green counts when nothing new came for so long; a check "
     "that was stopped may be run again for so long.",
     ""},
    {"ci", "events", names, "[\"push\"]",
     "woodpecker: events whose pipelines say something about a commit.", ""},

    {"notify", "kind", choice, "required", "Where notifications go.", "file|webhook"},
    {"notify", "path", path, "", "file: gets one line of JSON per notification.", ""},
    {"notify", "url", text, "", "webhook: http or https address, without credentials.", ""},
    {"notify", "token_env", text, "", "webhook: variable that holds the bearer token.", ""},
    {"notify", "token_file", path, "", "webhook: file that holds the bearer token.", ""},

    {"pipeline", "stages", stages, "required", "The stages in order.", ""},
    {"stage", "kind", choice, "required", "What the stage does.", "agent|command|land|ci"},
    {"stage", "name", text, "", "Its name, unique in the pipeline; the kind if absent.", ""},
    {"stage", "agent", text, "", "agent stages: name of an [agent.X]; the repository's if absent.",
     ""},
    {"stage", "prompt", long_text, "",
     "agent stages: template of the prompt; that of the repository if absent.", ""},
    {"stage", "prompt_file", path, "", "The same, in a file.", ""},
    {"stage", "command", argv, "[]",
     "command stages: what to run; the repository's test command if absent.", ""},
});

}  // namespace

std::span<const KeySpec> all_keys() {
  return kKeys;
}

std::vector<KeySpec> keys_of(std::string_view table) {
  const bool defaults = table == "defaults";
  std::vector<KeySpec> out;
  for (const KeySpec& spec : kKeys) {
    if (spec.table == (defaults ? "repo" : table) &&
        !(defaults && (spec.key == "name" || spec.key == "remote"))) {
      out.push_back(spec);
    }
  }
  return out;
}

std::vector<std::string> key_names(std::string_view table) {
  std::vector<std::string> out;
  for (const KeySpec& spec : keys_of(table)) {
    out.emplace_back(spec.key);
  }
  return out;
}

std::vector<std::string> table_names() {
  return {"fleet", "limits", "budget", "retention", "defaults", "tracker",
          "agent", "ci",     "notify", "pipeline",  "repo"};
}

}  // namespace manifests
