#include "worktrees/case_twins.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace worktrees {

namespace {

constexpr std::size_t kShown = 5;
constexpr std::size_t kLongestName = 120;

}  // namespace

std::string CaseTwins::text() const {
  if (all == 0) {
    return {};
  }
  const std::size_t more = all - pairs.size();
  return fmt::format("paths that differ in letter case alone: {}{}", fmt::join(pairs, ", "),
                     more == 0 ? "" : fmt::format(", and {} more", more));
}

void add_case_twins(CaseTwins& twins, std::string_view where,
                    const std::vector<std::string_view>& names) {
  std::vector<std::pair<std::string, std::string_view>> sorted;
  sorted.reserve(names.size());
  for (const std::string_view name : names) {
    sorted.emplace_back(jobs::ascii_lower(name), name);
  }
  std::ranges::sort(sorted);
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first != sorted[i - 1].first) {
      continue;
    }
    ++twins.all;
    if (twins.pairs.size() < kShown) {
      const std::string before = where.empty() ? "" : jobs::one_line(where, kLongestName) + "/";
      twins.pairs.push_back(fmt::format("{0}{1} and {0}{2}", before,
                                        jobs::one_line(sorted[i - 1].second, kLongestName),
                                        jobs::one_line(sorted[i].second, kLongestName)));
    }
  }
}

}  // namespace worktrees
