#pragma once

#include <string>
#include <vector>

#include "runner/cli/command.h"

/// One plain struct and one function per command. The struct is filled by app.cc; the function
/// returns the exit code and has printed everything there is to say. A command loads only what it
/// needs.
namespace runner::cli {

struct RunsCommand {
  Globals global;
  bool live = false;
  std::string repo;     ///< "" = all
  std::string outcome;  ///< "" = all; not checked yet
  int limit = 20;       ///< 0 = all
};
[[nodiscard]] int run_runs(const RunsCommand& command);

struct RunsShowCommand {
  Globals global;
  std::string run;  ///< id or the beginning of one
};
[[nodiscard]] int run_runs_show(const RunsShowCommand& command);

/// `runs cancel` and `runs release`: a person's request to the next tick.
struct RequestCommand {
  Globals global;
  std::string run;
  std::string why;
};
[[nodiscard]] int run_runs_cancel(const RequestCommand& command);
[[nodiscard]] int run_runs_release(const RequestCommand& command);

struct LogsCommand {
  Globals global;
  std::string run;
  int turn = 0;  ///< 0 = all
  bool follow = false;
  bool raw = false;
  bool events = false;
  std::string after;  ///< "" = from the beginning
};
[[nodiscard]] int run_logs(const LogsCommand& command);

struct ExplainCommand {
  Globals global;
  std::string issue;  ///< "REPO#N"
  int limit = 5;      ///< past ticks
};
[[nodiscard]] int run_explain(const ExplainCommand& command);

struct PauseCommand {
  Globals global;
  std::string why;
};
[[nodiscard]] int run_pause(const PauseCommand& command);
[[nodiscard]] int run_resume(const Globals& global);

[[nodiscard]] int run_status(const Globals& global);

struct DoctorCommand {
  Globals global;
  bool fix = false;
  bool yes = false;  ///< do not ask
};
[[nodiscard]] int run_doctor(const DoctorCommand& command);

struct MetricsCommand {
  Globals global;
  std::string textfile;  ///< "" = standard output
};
[[nodiscard]] int run_metrics(const MetricsCommand& command);

[[nodiscard]] int run_worktrees(const Globals& global);

struct PruneCommand {
  Globals global;
  bool yes = false;  ///< else the plan is only shown
};
[[nodiscard]] int run_worktrees_prune(const PruneCommand& command);

struct IssueCommand {
  Globals global;
  std::string repo;                 ///< new, list
  std::string issue;                ///< ready, show: "REPO#N"
  std::string title;                ///< new
  std::string body;                 ///< new; "-" = read standard input
  std::string by;                   ///< new, ready: who says so; "" = the user who runs the command
  std::vector<std::string> labels;  ///< new
  std::vector<std::string> blocked_by;
  int priority = -1;   ///< new; -1 = none
  bool ready = false;  ///< new: also set the ready label
  bool all = false;    ///< list: also closed ones
};
[[nodiscard]] int run_issue_new(const IssueCommand& command);
[[nodiscard]] int run_issue_ready(const IssueCommand& command);
[[nodiscard]] int run_issue_list(const IssueCommand& command);
[[nodiscard]] int run_issue_show(const IssueCommand& command);

[[nodiscard]] int run_manifests_check(const Globals& global);
[[nodiscard]] int run_manifests_show(const Globals& global);
[[nodiscard]] int run_manifests_schema(const Globals& global);

[[nodiscard]] int run_version(const Globals& global);

struct SuperviseCommand {
  std::string directory;
};
[[nodiscard]] int run_supervise(const SuperviseCommand& command);

struct ReportCommand {
  Globals global;
  std::string phase;
  std::string blocked;
  std::string note;
};
[[nodiscard]] int run_report(const ReportCommand& command);

}  // namespace runner::cli
