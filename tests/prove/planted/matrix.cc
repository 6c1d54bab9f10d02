#include "tests/prove/planted/matrix.h"

#include <algorithm>
#include <regex>
#include <string_view>

#include <fmt/format.h>

#include "jobs/base/planted.h"

namespace prove::planted {

namespace {

/// "policy: frozen; sim"
std::vector<Witness> parse_witnesses(std::string_view text) {
  std::vector<Witness> witnesses;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find("; "));
    text.remove_prefix(std::min(text.size(), one.size() + 2));
    const std::size_t colon = one.find(": ");
    witnesses.push_back(
        {.harness = std::string(one.substr(0, colon)),
         .only = std::string(colon == std::string_view::npos ? "" : one.substr(colon + 2))});
  }
  return witnesses;
}

/// A violation as a cell of a table: its begin, without the folders of whoever ran it.
std::string in_a_cell(std::string text) {
  static const std::regex kFolder("(^| )(/[^/ ]+)+/");
  text = std::regex_replace(text, kFolder, "$1").substr(0, 160);
  std::ranges::replace(text, '|', '/');
  return text;
}

}  // namespace

std::vector<Bug> all_bugs() {
  std::vector<Bug> bugs;
  const auto add = [&](const char* name, const char* what, int invariant, const char* witnesses) {
    bugs.push_back({.name = name,
                    .what = what,
                    .invariant = invariant,
                    .witnesses = parse_witnesses(witnesses)});
  };
#define RUNNER_PLANTED_ADD(name, what, invariant, witnesses) add(#name, what, invariant, witnesses);
  RUNNER_PLANTED_BUGS_LIST(RUNNER_PLANTED_ADD)
#undef RUNNER_PLANTED_ADD
  return bugs;
}

void Matrix::add(const std::string& bug, const std::string& harness, Ended ended) {
  const std::lock_guard lock(mutex_);
  cells_[{bug, harness}] = std::move(ended);
}

bool Matrix::caught_by(const std::string& harness) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(cells_, [&](const auto& cell) {
    return cell.first.second == harness && cell.second.how == Ended::How::violation;
  });
}

std::string Matrix::text(const std::vector<Bug>& bugs, const std::vector<std::string>& harnesses,
                         bool full) const {
  const std::lock_guard lock(mutex_);
  std::string out =
      "# Planted bugs\n\n"
      "Each line is a bug that was put into the program on purpose (`jobs/base/planted.h`) and "
      "switched on alone. `x` = this harness's quick tier reports a violation, `.` = it does not, "
      "`>` = it was stopped at its time limit without one, `-` = it cannot run here, "
      "empty = not tried";
  out += full ? ".\n\n" : " by a harness that need not see it.\n\n";
  out += "| bug | what is broken | invariant |";
  std::string rule = "|---|---|---|";
  for (const std::string& harness : harnesses) {
    out += fmt::format(" {} |", harness);
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  std::string words = "\n## What was said first\n\n| bug | harness | violation |\n|---|---|---|\n";
  for (const Bug& bug : bugs) {
    out += fmt::format("| `{}` | {} | {} |", bug.name, bug.what,
                       bug.invariant == 0 ? "-" : std::to_string(bug.invariant));
    bool told = false;
    for (const std::string& harness : harnesses) {
      const auto cell = cells_.find({bug.name, harness});
      std::string mark = " ";
      if (cell != cells_.end()) {
        switch (cell->second.how) {
          case Ended::How::violation: mark = "x"; break;
          case Ended::How::quiet: mark = "."; break;
          case Ended::How::too_long: mark = ">"; break;
          case Ended::How::skipped:
          case Ended::How::broken: mark = "-"; break;
        }
        if (cell->second.how == Ended::How::violation && !told) {
          told = true;
          const std::string first = in_a_cell(cell->second.first);
          words += fmt::format("| `{}` | {} | {} |\n", bug.name, harness, first);
        }
      }
      out += fmt::format(" {} |", mark);
    }
    out += "\n";
  }
  return out + words;
}

}  // namespace prove::planted
