#include "jobs/base/ascii.h"

#include <algorithm>

namespace jobs {

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_ascii_lower);
  return out;
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_ascii_lower, to_ascii_lower);
}

}  // namespace jobs
