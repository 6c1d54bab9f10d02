#include "runner/forge/api.h"

#include <set>

#include <fmt/format.h>

#include "runner/http/client.h"

namespace runner::forge {

jobs::Result<Reply> Api::get(const std::string& path) {
  return std::move(get(std::span(&path, 1)).front());
}

jobs::Result<std::vector<Reply>> Api::get_all(const std::string& path, std::size_t most_pages) {
  std::vector<Reply> pages;
  std::set<std::string> seen;
  for (std::string next = path; !next.empty();) {
    if (pages.size() >= most_pages) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("{}{} has more than {} pages", shown(), path, most_pages));
    }
    if (!seen.insert(next).second) {
      return jobs::fail(jobs::ErrorKind::transient,
                        fmt::format("the pages of {}{} go round in a circle", shown(), path));
    }
    RUNNER_ASSIGN(Reply page, get(next));
    next = page.next;
    pages.push_back(std::move(page));
  }
  return pages;
}

}  // namespace runner::forge
