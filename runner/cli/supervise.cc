#include <cstdlib>
#include <string>

#include "jobs/base/text.h"
#include "runner/cli/commands.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_out.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"
#include "runner/process/report.h"
#include "runner/process/supervisor.h"

/// The two commands that run inside a turn.
namespace runner::cli {

int run_supervise(const SuperviseCommand& command) {
  return process::supervise(command.directory);
}

int run_report(const ReportCommand& command) {
  process::Report report;
  if (!command.phase.empty()) {
    report.phase = jobs::parse_phase(command.phase);
  }
  report.blocked = command.blocked;
  report.note = command.note;
  const char* directory = std::getenv("RUNNER_TURN_DIR");
  auto written = process::report(directory == nullptr ? "" : directory, report, present());
  if (!written) {
    return report_error(command.global, written.error());
  }
  if (command.global.json) {
    print_json(json_root().set("reported", true));
  }
  return 0;
}

}  // namespace runner::cli
