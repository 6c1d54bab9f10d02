#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/base/money.h"
#include "runner/process/turn_files.h"

namespace runner::process {

/// Watches what the agent writes below agent/: its usage file and its reports. All of it may be
/// garbage or hostile.
class AgentFiles {
 public:
  AgentFiles(const TurnPaths& paths, std::string usage_file);

  /// The newest usage, if it changed since the last call. Amounts only grow: what was once spent
  /// stays spent.
  [[nodiscard]] std::optional<jobs::Usage> changed_usage();
  /// Reports that came since the last call, checked: known phases, bounded texts.
  [[nodiscard]] std::vector<TurnEvent> new_reports();

 private:
  std::string folder_;
  std::string usage_file_;
  std::string usage_text_;
  jobs::Usage usage_;
  std::string reports_path_;
  std::int64_t reports_read_ = 0;
  int reports_taken_ = 0;
};

/// The report that `event` is, made fit to be kept and shown; nothing if it is none.
[[nodiscard]] std::optional<TurnEvent> accept_report(const TurnEvent& event);

}  // namespace runner::process
