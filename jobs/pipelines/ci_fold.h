#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/ports/ci.h"

/// From everything that was reported about a commit to one verdict. What the words of a forge mean
/// is for its adapter to say; nothing here knows one.
namespace jobs {

/// What one check says, in the words of no forge.
enum class CheckState : std::uint8_t {
  success,
  neutral,  ///< ended, and has nothing against the commit: neutral, skipped, a warning
  failed,
  stopped,  ///< ended without judging: cancelled, declined, stale, wants an action
  held,     ///< waits for somebody: an approval
  running,  ///< queued or running, and whatever nobody has heard of yet: never a success
};
[[nodiscard]] std::string_view to_string(CheckState state);

/// One row that a forge holds about a commit. Several may be about one check: a run again adds one.
struct ReportedCheck {
  std::string name;    ///< as the manifest's `expect` calls it: context, name of a check run
  std::string source;  ///< what else tells two of one name apart: status or app and workflow
  CheckState state = CheckState::running;
  std::string word;             ///< the forge's own for it: "timed_out"
  std::optional<TimePoint> at;  ///< when it last changed
  std::int64_t id = 0;          ///< grows with time; 0 = not known
  std::string log;              ///< where its log is, in the adapter's own words
};

/// What a manifest says about the checks of a commit.
struct CheckRules {
  std::vector<std::string> expect;   ///< must have reported; empty = `settle` decides
  std::vector<std::string> succeed;  ///< neutral is not enough for these
  Duration settle{};  ///< without `expect`: green counts when nothing new came for so long. With
                      ///< or without: so long somebody may run again what was stopped
  int queued = 0;     ///< groups of checks that are announced and have none yet
};
[[nodiscard]] CheckRules rules_of(const CiConfig& config);

/// The newest row of each (source, name), by id, then by time; in order of their names.
[[nodiscard]] std::vector<ReportedCheck> newest(std::vector<ReportedCheck> reported);

/// `checks` as newest() made them. The report's checks are in the same order, and behind them those
/// of `expect` that have not reported, as absent. With `expect` the others are not waited for, but
/// a red one is red. Absent only when there is nothing at all. Names are made safe for one line.
[[nodiscard]] CiReport fold(const std::vector<ReportedCheck>& checks, const CheckRules& rules,
                            TimePoint now);

}  // namespace jobs
