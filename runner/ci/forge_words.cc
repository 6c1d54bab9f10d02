#include "runner/ci/forge_words.h"

#include <array>
#include <span>
#include <utility>

namespace runner::ci {

namespace {

using jobs::CheckState;
using enum CheckState;
using Word = std::pair<std::string_view, CheckState>;

CheckState meaning(std::span<const Word> known, std::string_view word) {
  for (const auto& [name, state] : known) {
    if (name == word) {
      return state;
    }
  }
  return running;
}

constexpr auto kConclusions = std::to_array<Word>({{"success", success},
                                                   {"neutral", neutral},
                                                   {"skipped", neutral},
                                                   {"failure", failed},
                                                   {"timed_out", failed},
                                                   {"startup_failure", failed},
                                                   {"cancelled", stopped},
                                                   {"action_required", stopped},
                                                   {"stale", stopped}});

constexpr auto kStatuses = std::to_array<Word>({{"success", success},
                                                {"warning", neutral},
                                                {"skipped", neutral},
                                                {"failure", failed},
                                                {"error", failed}});

constexpr auto kForgejoRuns = std::to_array<Word>(
    {{"success", success}, {"skipped", neutral}, {"failure", failed}, {"cancelled", stopped}});

constexpr auto kWoodpecker = std::to_array<Word>({{"success", success},
                                                  {"skipped", neutral},
                                                  {"failure", failed},
                                                  {"error", failed},
                                                  {"killed", stopped},
                                                  {"canceled", stopped},
                                                  {"declined", stopped},
                                                  {"blocked", held}});

}  // namespace

CheckState check_run_state(std::string_view status, std::string_view conclusion) {
  // "waiting": a deployment that somebody has to approve first.
  if (status == "waiting") {
    return held;
  }
  return status == "completed" ? meaning(kConclusions, conclusion) : running;
}

CheckState commit_status_state(std::string_view state) {
  return meaning(kStatuses, state);
}

CheckState forgejo_run_state(std::string_view status) {
  return meaning(kForgejoRuns, status);
}

CheckState woodpecker_state(std::string_view status) {
  return meaning(kWoodpecker, status);
}

}  // namespace runner::ci
