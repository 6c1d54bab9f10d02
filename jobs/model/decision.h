#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/ids.h"

namespace jobs {

/// Why a candidate may not start, or that it may. The order is the order of the gates: the first
/// that fails is the reason. Names are stable: they stand in the log, the store, metrics and JSON.
enum class Reason : std::uint8_t {
  kill_switch,
  not_allowlisted,
  brake,
  unreadable_issue,
  human_label,
  in_progress_label,
  repo_busy,
  untrusted_label,
  unattributable_label,
  edited_after_label,
  blocked_by,
  blocker_unreadable,
  attempts_exhausted,
  cooling_down,
  base_unreadable,
  base_red,
  budget,
  capacity,
  disk,
  slot_taken,
  selected,
};
inline constexpr int kReasonCount = static_cast<int>(Reason::selected) + 1;

/// "kill-switch", "not-allowlisted", ...
[[nodiscard]] std::string_view to_string(Reason reason);
[[nodiscard]] std::optional<Reason> parse_reason(std::string_view text);
/// One sentence for people: what this reason means and what to do about it.
[[nodiscard]] std::string_view explain(Reason reason);

/// One gate as it stood for one candidate: for `runner explain`.
struct GateValue {
  Reason gate = Reason::selected;
  bool passed = false;
  std::string value;  ///< "label set by mallory (permission: read)"
  friend bool operator==(const GateValue&, const GateValue&) = default;
};

/// What poll decided about one candidate. Every candidate gets exactly one.
struct Decision {
  IssueKey issue;
  std::string title;
  Reason reason = Reason::selected;
  std::string detail;            ///< one line: the failing gate's value
  std::vector<GateValue> gates;  ///< all gates in order, also behind the first failing one
  [[nodiscard]] bool selected() const { return reason == Reason::selected; }
  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace jobs
