#include "jobs/model/run_id.h"

#include <fmt/format.h>

#include "jobs/base/text.h"

namespace jobs {

namespace {
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

std::string base32(std::uint64_t value, int digits) {
  std::string out(static_cast<std::size_t>(digits), '0');
  for (auto at = out.rbegin(); at != out.rend(); ++at) {
    *at = kAlphabet[value & 31U];
    value >>= 5;
  }
  return out;
}
}  // namespace

std::string make_ulid(char prefix, TimePoint now, const std::array<std::uint64_t, 2>& entropy,
                      std::uint64_t index) {
  const auto millis = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return std::string(1, prefix) + base32(millis, 10) + base32((entropy[0] >> 24) + index, 8) +
         base32(entropy[1] >> 24, 8);
}

RunId make_run_id(TimePoint now, const std::array<std::uint64_t, 2>& entropy, std::uint64_t index) {
  return RunId(make_ulid('r', now, entropy, index));
}

TickId make_tick_id(TimePoint now, const std::array<std::uint64_t, 2>& entropy) {
  return TickId(make_ulid('t', now, entropy, 0));
}

std::string branch_name(IssueNumber issue, std::string_view title) {
  return fmt::format("runner/{}-{}", issue, slug(title));
}

}  // namespace jobs
