#include "runner/forge/api.h"

#include <set>

#include <fmt/format.h>

#include "runner/http/client.h"

namespace runner::forge {

jobs::Result<Reply> Api::get(const std::string& path) {
  return std::move(get(std::span(&path, 1)).front());
}

jobs::Status Api::each_page(const std::string& path,
                            const std::function<jobs::Result<bool>(Reply)>& visit,
                            std::size_t most_pages) {
  std::set<std::string> seen;
  for (std::string next = path; !next.empty();) {
    if (seen.size() >= most_pages) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("{}{} has more than {} pages", shown(), path, most_pages));
    }
    if (!seen.insert(next).second) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("the pages of {}{} go round in a circle", shown(), path));
    }
    RUNNER_ASSIGN(Reply page, get(next));
    next = page.next;
    RUNNER_ASSIGN(const bool further, visit(std::move(page)));
    if (!further) {
      break;
    }
  }
  return jobs::ok();
}

jobs::Result<std::vector<Reply>> Api::get_all(const std::string& path, std::size_t most_pages) {
  std::vector<Reply> pages;
  const auto keep = [&](Reply page) -> jobs::Result<bool> {
    pages.push_back(std::move(page));
    return true;
  };
  RUNNER_TRY(each_page(path, keep, most_pages));
  return pages;
}

}  // namespace runner::forge
