#include "jobs/ports/ci.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace jobs {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
    case Verdict::stopped: return "stopped";
    case Verdict::pending: return "pending";
    case Verdict::absent: return "absent";
  }
  return "absent";
}

std::vector<std::string> CiReport::failing() const {
  std::vector<std::string> names;
  for (const Check& check : checks) {
    if (check.verdict == Verdict::fail) {
      names.push_back(check.name);
    }
  }
  std::ranges::sort(names);
  return names;
}

std::string CiReport::named(Verdict one) const {
  constexpr int kMost = 8;
  std::string out;
  int count = 0;
  const auto add = [&](std::string_view text) {
    out += (out.empty() ? "" : ", ") + one_line(text);
  };
  for (const Check& check : checks) {
    if (check.verdict == one && ++count <= kMost) {
      add(check.reason.empty() ? check.name : fmt::format("{} ({})", check.name, check.reason));
    }
  }
  if (count > kMost) {
    add(fmt::format("and {} more", count - kMost));
  }
  if (one == verdict && !detail.empty()) {
    add(detail);
  }
  return out;
}

}  // namespace jobs
