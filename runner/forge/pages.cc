#include "runner/forge/pages.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/fields.h"

namespace runner::forge {

using nlohmann::json;

namespace {

bool is_short(const Numbered& list, std::int64_t size) {
  const std::int64_t most = list.most_of_server ? list.most_of_server() : 0;
  return most > 0 && size < std::min(list.limit, most);
}

}  // namespace

jobs::Result<std::vector<json>> numbered_pages(Api& api, const Numbered& list) {
  const char joint = list.path.find('?') == std::string::npos ? '?' : '&';
  std::vector<json> all;
  json first_of_last;
  bool links = false;
  for (std::size_t page = 1; page <= list.most_pages; ++page) {
    RUNNER_ASSIGN(const Reply reply,
                  api.get(fmt::format("{}{}limit={}&page={}", list.path, joint, list.limit, page)));
    RUNNER_ASSIGN(std::vector<json> some, elements(reply, list.key));
    if (some.empty() || (page > 1 && some.front() == first_of_last)) {
      return all;
    }
    first_of_last = some.front();
    const auto size = static_cast<std::int64_t>(some.size());
    std::ranges::move(some, std::back_inserter(all));
    const bool last_link = links && reply.next.empty();
    links = links || !reply.next.empty();
    // A page that is full by the usual measure needs no question about the measure.
    if (reply.next.empty() && (last_link || (size < list.limit && is_short(list, size)))) {
      return all;
    }
  }
  return jobs::fail(
      jobs::ErrorKind::transient,
      fmt::format("{}{} has more than {} pages", api.shown(), list.path, list.most_pages));
}

}  // namespace runner::forge
