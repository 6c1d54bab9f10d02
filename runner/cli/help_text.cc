#include <array>

#include "runner/cli/help.h"

namespace runner::cli {

namespace {

constexpr std::array kTexts{
    HelpText{"runner",
             "Reads manifests, takes the issues that carry the ready label, lets an agent\n"
             "work on each in a git worktree of its own, checks and lands what it did, and\n"
             "watches CI. Nothing stays resident: `runner tick` does what is due and ends.",
             "$ runner manifests check        # are the manifests right?\n"
             "$ runner tick --dry-run         # what would happen, and why not more?\n"
             "$ runner tick                   # do it\n"
             "$ runner runs                   # what became of it"},
    HelpText{"runner tick",
             "Watches live runs, fixes forward what is red, starts what may start, and tidies\n"
             "up, in this order. Two ticks at once are safe: the second one says who is\n"
             "working and leaves. With --dry-run the plan is printed, every candidate with its\n"
             "reason, and nothing is written anywhere.",
             "$ runner tick --dry-run\n"
             "$ runner tick --job watch,poll"},
    HelpText{"runner status",
             "Kill switch and who holds it on, size of the fleet, live runs, the last tick,\n"
             "what was spent today and this month, brakes in force, and effects that do not\n"
             "get through. Reads only, also while the kill switch is on.",
             "$ runner status\n"
             "$ runner status --json | jq .kill_switch.on"},
    HelpText{"runner doctor",
             "Looks at the state and what lies around it: damage, an older copy, left-over\n"
             "files, the lease, worktrees and turns without a run, open reservations. It only\n"
             "looks. --fix shows a numbered plan, asks, and carries it out; what was damaged is\n"
             "copied aside first, and nothing is invented. Exit code 0: healthy, 3: findings,\n"
             "4: the state is damaged.",
             "$ runner doctor\n"
             "$ runner doctor --fix --yes"},
    HelpText{"runner runs",
             "Lists runs, newest first. A run is the handling of one issue from claim to\n"
             "outcome. An id may be shortened to its beginning wherever one is asked for.",
             "$ runner runs --live\n"
             "$ runner runs --repo acme/shop --outcome frozen"},
    HelpText{"runner runs show",
             "Everything the state knows about one run: its timeline, its turns with their\n"
             "cost, the effects it recorded and what became of them, and its ledger.",
             "$ runner runs show r01kb2j"},
    HelpText{"runner runs cancel",
             "Asks for the end of a live run. The next tick stops its turn, keeps its work\n"
             "under a rescue ref, and gives the issue back to people.",
             "$ runner runs cancel r01kb2j --why \"wrong approach\""},
    HelpText{"runner runs release",
             "Says that a person has looked. Brakes in force on the run's issue, repository\n"
             "and agents are lifted at once; the next tick lifts the freeze. The issue starts\n"
             "again only when somebody sets its ready label again.",
             "$ runner runs release r01kb2j --why \"CI was misconfigured\""},
    HelpText{
        "runner logs",
        "The transcript of a run's turns in readable form: what was reported, the output\n"
        "with control characters made visible, and how each turn ended. --raw writes the\n"
        "bytes as they came. -f goes on until the run has ended. --events writes each event\n"
        "as JSON on a line of its own, with an id: after a cut, --after with the last id that\n"
        "came goes on behind it, without repeating or missing one.",
        "$ runner logs -f r01kb2j\n"
        "$ runner logs -f --events --after 2.37 r01kb2j\n"
        "$ runner logs --turn 2 --raw r01kb2j > turn2.log"},
    HelpText{"runner attach",
             "Prints the command that goes on with the session of a run's newest turn by hand,\n"
             "in its worktree. It runs nothing.",
             "$ runner attach r01kb2j"},
    HelpText{"runner spend",
             "What was spent and is reserved, by repository, agent, day or issue, and\n"
             "what one landed run cost with all that failed on the way.",
             "$ runner spend --by agent\n"
             "$ runner spend --by day --json"},
    HelpText{"runner explain",
             "Every gate between an issue and its start with its value: as it stands now, and\n"
             "as it stood in past ticks. The first gate that is shut is the reason.",
             "$ runner explain acme/shop#12"},
    HelpText{"runner pause",
             "Switches the kill switch on until `runner resume`: no tick reads, writes or\n"
             "starts anything. Turns that run already go on; their results wait. The variable\n"
             "RUNNER_KILL_SWITCH=on does the same without a state.",
             "$ runner pause --why \"release day\""},
    HelpText{"runner resume",
             "Takes back `runner pause`. It cannot switch off what a manifest or the variable\n"
             "RUNNER_KILL_SWITCH holds on; it says so if one of them does.",
             "$ runner resume"},
    HelpText{"runner metrics",
             "All metrics in Prometheus text format, computed from the state. Every tick\n"
             "writes the same to fleet.metrics_textfile if that is set.",
             "$ runner metrics --textfile /var/lib/node_exporter/runner.prom"},
    HelpText{"runner worktrees",
             "Lists the worktrees on disk with their size, age and run, and what they are there\n"
             "for: live, kept (until when), ended, idle in the pool, orphan, or trash. The\n"
             "janitor of `runner tick` recycles and removes them.",
             "$ runner worktrees"},
    HelpText{"runner worktrees prune",
             "Shows which worktrees can go, why, and how much room that gives back: idle ones,\n"
             "orphans, those of runs that are over, and the trash. With --yes they go. Never one\n"
             "of a live run, nor one that is kept for a person. Work that is nowhere else is\n"
             "kept first, as refs/runner/rescue/RUN of the mirror.",
             "$ runner worktrees prune\n"
             "$ runner worktrees prune --yes"},
    HelpText{"runner issue",
             "Works on issues of a local tracker: Markdown files in a folder, one per issue.\n"
             "Everything here can be done with an editor as well.",
             "$ runner issue new acme/shop \"Add a health check\" --ready"},
    HelpText{"runner issue new",
             "Makes the next free number's file, and prints where it is. --ready also sets the\n"
             "ready label, in the name of --by or of the user who runs the command.",
             "$ runner issue new acme/shop \"Add a health check\" --body - --ready < text.md"},
    HelpText{"runner issue ready",
             "Sets the ready label and records who did: the release signal for the runner. The\n"
             "runner believes it if that person may write to the repository.",
             "$ runner issue ready acme/shop#12"},
    HelpText{"runner issue list",
             "Open issues of a repository with their labels; --all also shows closed ones.",
             "$ runner issue list acme/shop"},
    HelpText{"runner issue show", "One issue with its labels, text and comments.",
             "$ runner issue show acme/shop#12"},
    HelpText{"runner manifests",
             "A fleet is declared in a folder of *.toml files. Nothing here touches the state,\n"
             "a tracker or a repository.",
             "$ runner manifests check"},
    HelpText{"runner manifests check",
             "Reads all manifests and reports every mistake at once with file, line, column,\n"
             "and what was expected. Exit code 0: a tick would accept them.",
             "$ runner --manifests ./manifests manifests check"},
    HelpText{"runner manifests show",
             "The fleet as the runner sees it, defaults filled in, with where each value comes\n"
             "from. Secrets appear by name only.",
             "$ runner manifests show"},
    HelpText{"runner manifests schema",
             "A JSON Schema of the manifests, for editors that check TOML while you type.",
             "$ runner manifests schema > runner.schema.json"},
    HelpText{"runner completion",
             "A completion script for your shell, made from the options themselves.",
             "$ runner completion bash > /etc/bash_completion.d/runner\n"
             "$ runner completion zsh > \"${fpath[1]}/_runner\"\n"
             "$ runner completion fish > ~/.config/fish/completions/runner.fish"},
    HelpText{"runner version",
             "Version of the program and of the libraries it runs with, and the strongest\n"
             "containment of processes that this host offers.",
             "$ runner version --json"},
    HelpText{"runner supervise",
             "Runs the turn described in DIR/spec.json, watches its limits, and writes\n"
             "DIR/exit.json as its last act. Ticks start it; people need it only to try out a\n"
             "turn by hand.",
             "$ runner supervise /var/lib/runner/turns/r01kb2j/1"},
    HelpText{"runner report",
             "For agents: says how far the work is, or that it cannot go on. Works inside a\n"
             "turn, where RUNNER_TURN_DIR is set.",
             "$ runner report --phase tests-red\n"
             "$ runner report --blocked \"the API key for staging is missing\""},
    HelpText{"runner help", "The same as COMMAND --help.", "$ runner help runs show"},
};

}  // namespace

HelpText help_text(std::string_view path) {
  for (const HelpText& text : kTexts) {
    if (text.path == path) {
      return text;
    }
  }
  return {};
}

}  // namespace runner::cli
