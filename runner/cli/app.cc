#include "runner/cli/app.h"

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "jobs/base/result.h"
#include "runner/cli/commands.h"
#include "runner/cli/completion.h"
#include "runner/cli/errors.h"
#include "runner/cli/help.h"
#include "runner/cli/money.h"
#include "runner/cli/parser_notes.h"
#include "runner/cli/screen.h"
#include "runner/cli/suggest.h"
#include "runner/cli/tick.h"

namespace runner::cli {

namespace {

using Strings = std::vector<std::string>;

const Strings kColors{"auto", "always", "never"};
const Strings kShells{"bash", "zsh", "fish"};
const Strings kJobs{"watch", "fix-forward", "poll", "janitor"};
const Strings kOutcomes{"landed", "needs-human", "frozen", "cancelled", "superseded"};
const Strings kSpendBy{"repo", "agent", "day", "issue"};
const Strings kPhases{"worktree", "tests-red", "green", "pushed", "ci", "deployed", "done"};

/// All options, declared once, and what each command runs. The only place that knows the option
/// parser.
class CommandLine {
 public:
  CommandLine() : root_("Turns labelled issues into landed, verified code.", "runner") {
    root_.require_subcommand(0, 1);
    notes_.globals.push_back(option(root_, "--manifests", global_.manifests_dir, "DIR",
                                    "Folder of the manifests; also RUNNER_MANIFESTS"));
    notes_.globals.back()->envname("RUNNER_MANIFESTS");
    notes_.defaults[notes_.globals.back()] = global_.manifests_dir;
    notes_.globals.push_back(root_.add_flag("--json", global_.json, "Answer with one JSON object"));
    notes_.globals.push_back(option(root_, "--color", color_, "WHEN",
                                    "Colours and tables: on a terminal, always, or never",
                                    kColors));
    notes_.defaults[notes_.globals.back()] = color_;
    root_.add_flag("--version", version_, "Print the version, as `runner version` does");
    declare_loop();
    declare_runs();
    declare_switch();
    declare_issue();
    declare_manifests();
    declare_tools();
  }

  int run(int argc, char** argv);
  [[nodiscard]] CommandInfo grammar() const { return describe(root_, notes_); }

 private:
  void declare_loop();
  void declare_runs();
  void declare_switch();
  void declare_issue();
  void declare_manifests();
  void declare_tools();

  CLI::App& command(CLI::App& parent, const std::string& name, const std::string& summary,
                    std::function<int()> action) {
    CLI::App& app = *parent.add_subcommand(name, summary);
    app.fallthrough();
    if (action == nullptr) {
      notes_.need_command.insert(&app);
    }
    actions_[&app] = std::move(action);
    return app;
  }

  /// A command that only holds others, or does something by itself when none of them is named.
  CLI::App& group(const std::string& name, const std::string& summary,
                  std::function<int()> action) {
    CLI::App& app = command(root_, name, summary, std::move(action));
    app.require_subcommand(0, 1);
    return app;
  }

  template <typename T>
  CLI::Option* option(CLI::App& app, const std::string& name, T& target, const std::string& value,
                      const std::string& description, const Strings& choices = {}) {
    CLI::Option* made = app.add_option(name, target, description);
    made->type_name(value);
    if (!choices.empty()) {
      notes_.choices[made] = choices;
    }
    return made;
  }

  CLI::Option* list(CLI::App& app, const std::string& name, Strings& target,
                    const std::string& value, const std::string& description,
                    const Strings& choices = {}) {
    return option(app, name, target, value, description, choices)
        ->delimiter(',')
        ->allow_extra_args(false)
        ->take_all();
  }

  [[nodiscard]] const CLI::App& chosen() const;
  int dispatch();

  CLI::App root_;
  Globals global_;
  std::string color_ = "auto";
  bool version_ = false;
  std::map<const CLI::App*, std::function<int()>> actions_;
  ParserNotes notes_;

  TickCommand tick_;
  RunsCommand runs_;
  RunsShowCommand show_;
  RequestCommand request_;
  LogsCommand logs_;
  AttachCommand attach_;
  SpendCommand spend_;
  ExplainCommand explain_;
  PauseCommand pause_;
  PruneCommand prune_;
  DoctorCommand doctor_;
  MetricsCommand metrics_;
  IssueCommand issue_;
  SuperviseCommand supervise_;
  ReportCommand report_;
  std::string shell_;
  Strings help_words_;
};

void CommandLine::declare_loop() {
  CLI::App& tick = command(root_, "tick", "Do everything that is due, then end", [this] {
    tick_.manifests_dir = global_.manifests_dir;
    tick_.json = global_.json;
    tick_.color = global_.color;
    return run_tick(tick_);
  });
  list(tick, "--job", tick_.jobs, "LIST", "Only these jobs, separated by commas", kJobs);
  tick.add_flag("--dry-run", tick_.dry_run, "Print the plan and write nothing");

  command(root_, "status", "The state of the fleet on one page",
          [this] { return run_status(global_); });

  CLI::App& explain = command(root_, "explain", "Why an issue starts, or does not",
                              with_globals(explain_, global_, run_explain));
  option(explain, "issue", explain_.issue, "REPO#N", "The issue")->required();
  notes_.defaults[option(explain, "--limit", explain_.limit, "N", "Past ticks to show")
                      ->check(CLI::Range(0, 1000))] = "5";

  CLI::App& doctor = command(root_, "doctor", "What is wrong with the state, and its only repair",
                             with_globals(doctor_, global_, run_doctor));
  doctor.add_flag("--fix", doctor_.fix, "Show what would be repaired, ask, and repair it");
  doctor.add_flag("--yes", doctor_.yes, "Do not ask (with --fix)")->needs("--fix");
}

void CommandLine::declare_runs() {
  CLI::App& runs =
      group("runs", "List runs, or look at one", with_globals(runs_, global_, run_runs));
  runs.add_flag("--live", runs_.live, "Only runs that have not ended");
  option(runs, "--repo", runs_.repo, "REPO", "Only runs of this repository");
  option(runs, "--outcome", runs_.outcome, "OUTCOME", "Only runs that ended so", kOutcomes);
  notes_.defaults[option(runs, "--limit", runs_.limit, "N", "At most so many; 0 = all")
                      ->check(CLI::Range(0, 1000000))] = "20";

  CLI::App& show = command(runs, "show", "Everything about one run",
                           with_globals(show_, global_, run_runs_show));
  option(show, "run", show_.run, "ID", "The run, or the beginning of its id")->required();

  CLI::App& cancel = command(runs, "cancel", "Ask for the end of a live run",
                             with_globals(request_, global_, run_runs_cancel));
  CLI::App& release = command(runs, "release", "Lift a freeze and the brakes of a run",
                              with_globals(request_, global_, run_runs_release));
  for (CLI::App* app : {&cancel, &release}) {
    option(*app, "run", request_.run, "ID", "The run, or the beginning of its id")->required();
    option(*app, "--why", request_.why, "TEXT", "The reason, for whoever reads it later");
  }

  CLI::App& logs =
      command(root_, "logs", "The transcript of a run", with_globals(logs_, global_, run_logs));
  option(logs, "run", logs_.run, "ID", "The run, or the beginning of its id")->required();
  logs.add_flag("-f,--follow", logs_.follow, "Go on until the run has ended");
  logs.add_flag("--raw", logs_.raw, "The agent's output byte for byte");
  logs.add_flag("--events", logs_.events, "Events, one JSON object a line");
  option(logs, "--after", logs_.after, "ID", "Only events behind this one");
  option(logs, "--turn", logs_.turn, "N", "Only this turn")->check(CLI::Range(1, 1000000));

  CLI::App& attach = command(root_, "attach", "How to go on with an agent's session by hand",
                             with_globals(attach_, global_, run_attach));
  option(attach, "run", attach_.run, "ID", "The run, or the beginning of its id")->required();
  CLI::App& spend = command(root_, "spend", "What agents cost, and what a landing cost",
                            with_globals(spend_, global_, run_spend));
  option(spend, "--by", spend_.by, "WHAT", "What each line is about", kSpendBy);

  CLI::App& worktrees = group("worktrees", "List the worktrees on disk, or make room",
                              [this] { return run_worktrees(global_); });
  CLI::App& prune = command(worktrees, "prune", "Remove what nobody needs; shows it first",
                            with_globals(prune_, global_, run_worktrees_prune));
  prune.add_flag("--yes", prune_.yes, "Remove it, too");
}

void CommandLine::declare_switch() {
  CLI::App& pause = command(root_, "pause", "Switch the kill switch on",
                            with_globals(pause_, global_, run_pause));
  option(pause, "--why", pause_.why, "TEXT", "The reason, for whoever reads it later");
  command(root_, "resume", "Take back `runner pause`", [this] { return run_resume(global_); });

  CLI::App& metrics = command(root_, "metrics", "All metrics in Prometheus text format",
                              with_globals(metrics_, global_, run_metrics));
  option(metrics, "--textfile", metrics_.textfile, "FILE", "Write this file, atomically");
}

void CommandLine::declare_issue() {
  CLI::App& issue = group("issue", "Work on issues of a local tracker", nullptr);
  CLI::App& make =
      command(issue, "new", "Write a new issue", with_globals(issue_, global_, run_issue_new));
  option(make, "repo", issue_.repo, "REPO", "The repository")->required();
  option(make, "title", issue_.title, "TITLE", "Its title")->required();
  option(make, "--body", issue_.body, "TEXT", "Its text; - reads standard input");
  list(make, "--label", issue_.labels, "LABEL", "A label; may be given again");
  notes_.defaults[option(make, "--priority", issue_.priority, "N", "0 is most urgent")
                      ->check(CLI::Range(0, 1000))] = "none, which is last";
  list(make, "--blocked-by", issue_.blocked_by, "REF", "\"#7\" or \"acme/lib#3\"");
  make.add_flag("--ready", issue_.ready, "Set the ready label too");

  CLI::App& ready = command(issue, "ready", "Set the ready label",
                            with_globals(issue_, global_, run_issue_ready));
  CLI::App& show = command(issue, "show", "Show one issue with its comments",
                           with_globals(issue_, global_, run_issue_show));
  for (CLI::App* app : {&ready, &show}) {
    option(*app, "issue", issue_.issue, "REPO#N", "The issue")->required();
  }
  for (CLI::App* app : {&make, &ready}) {
    notes_.defaults[option(*app, "--by", issue_.by, "NAME", "Who does this")] = "the user";
  }

  CLI::App& all = command(issue, "list", "List the issues of a repository",
                          with_globals(issue_, global_, run_issue_list));
  option(all, "repo", issue_.repo, "REPO", "The repository")->required();
  all.add_flag("--all", issue_.all, "Closed issues too");
}

void CommandLine::declare_manifests() {
  CLI::App& manifests = group("manifests", "Check or show the manifests", nullptr);
  command(manifests, "check", "Report every mistake at once",
          [this] { return run_manifests_check(global_); });
  command(manifests, "show", "The fleet as the runner sees it",
          [this] { return run_manifests_show(global_); });
  command(manifests, "schema", "A JSON Schema for editors",
          [this] { return run_manifests_schema(global_); });
}

void CommandLine::declare_tools() {
  CLI::App& completion = command(root_, "completion", "A completion script for a shell", [this] {
    auto script = render_completion(shell_, grammar(), describe_globals(notes_));
    if (!script) {
      return report_error(global_, script.error());
    }
    put(*script);
    return 0;
  });
  option(completion, "shell", shell_, "SHELL", "The shell", kShells)->required();

  command(root_, "version", "Versions of the program and its libraries",
          [this] { return run_version(global_); });

  CLI::App& supervise = command(root_, "supervise", "Run one turn (started by ticks)",
                                [this] { return run_supervise(supervise_); });
  option(supervise, "directory", supervise_.directory, "DIR", "The turn directory")->required();

  CLI::App& report = command(root_, "report", "Tell the runner how the work goes (for agents)",
                             with_globals(report_, global_, run_report));
  option(report, "--phase", report_.phase, "PHASE", "How far the work is", kPhases);
  option(report, "--blocked", report_.blocked, "WHY", "It cannot go on, and why");
  option(report, "--note", report_.note, "TEXT", "Something worth knowing");

  CLI::App& help = command(root_, "help", "Help for a command", [this] {
    const auto found = find_command(grammar(), help_words_);
    if (!found) {
      return report_error(global_, found.error());
    }
    put(render_help(*found, describe_globals(notes_)));
    return 0;
  });
  option(help, "command", help_words_, "COMMAND", "The command's words");
}

/// The innermost command that was named.
const CLI::App& CommandLine::chosen() const {
  const CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
  }
  return *app;
}

int CommandLine::dispatch() {
  for (const CLI::App* app : {static_cast<const CLI::App*>(&root_), &chosen()}) {
    if (auto checked = check_choices(*app, notes_); !checked) {
      return report_error(global_, checked.error());
    }
  }
  global_.color = color_ == "always"  ? Color::always
                  : color_ == "never" ? Color::never
                                      : Color::automatic;
  if (version_) {
    return run_version(global_);
  }
  const auto action = actions_.find(&chosen());
  if (action == actions_.end() || action->second == nullptr) {
    put(render_help(describe(chosen(), notes_), describe_globals(notes_)));
    return 0;
  }
  return action->second();
}

int CommandLine::run(int argc, char** argv) {
  try {
    root_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    put(render_help(describe(chosen(), notes_), describe_globals(notes_)));
    return 0;
  } catch (const CLI::ExtrasError&) {
    return report_error(global_, unexpected_words(describe(chosen(), notes_),
                                                  describe_globals(notes_), root_.remaining(true)));
  } catch (const CLI::RequiredError&) {
    return report_error(global_, missing_argument(chosen(), notes_));
  } catch (const CLI::ParseError& error) {
    return report_error(
        global_, jobs::fail(jobs::ErrorKind::usage, error.what(),
                            fmt::format("`{} --help` shows what there is", path_of(chosen()))));
  }
  return dispatch();
}

}  // namespace

int run_main(int argc, char** argv) {
  CommandLine line;
  const int code = line.run(argc, argv);
  if (!flush_output()) {
    const jobs::Error lost = jobs::fail(jobs::ErrorKind::transient, "cannot write standard output",
                                        "free some space, or write somewhere else");
    (void)report_error(Globals{}, lost);
    return code == 0 ? jobs::exit_code(lost.kind) : code;
  }
  return code;
}

CommandInfo command_grammar() {
  return CommandLine().grammar();
}

}  // namespace runner::cli
