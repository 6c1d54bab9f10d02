#include "jobs/ports/ci.h"

#include <algorithm>

namespace jobs {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "fail";
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

}  // namespace jobs
