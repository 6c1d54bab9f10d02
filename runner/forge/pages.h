#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "jobs/base/result.h"
#include "runner/forge/api.h"

/// Lists of servers that number their pages (`limit`, `page`): Forgejo and Gitea. They cut `limit`
/// to a maximum of their own without a word, and not every list has a Link header, so that a short
/// page is no proof of the end.
namespace runner::forge {

struct Numbered {
  std::string path;         ///< with its query, without `limit` and `page`
  std::string key = {};     ///< what holds the elements; "" = the answer itself
  std::int64_t limit = 50;  ///< asked for
  std::function<std::int64_t()> most_of_server =
      {};  ///< what the server says it cuts `limit` to, 0 = it
  ///< does not say; asked for when it would save a request
  std::size_t most_pages = 200;  ///< more is an error, never a list that looks whole
};

/// All elements. The end is: an empty page; a page without a next one where others had one; a page
/// shorter than what the server is known to give; the same page again (a list without pages).
[[nodiscard]] jobs::Result<std::vector<nlohmann::json>> numbered_pages(Api& api,
                                                                       const Numbered& list);

}  // namespace runner::forge
