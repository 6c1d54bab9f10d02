#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jobs/base/result.h"

/// What all forges (GitHub, Forgejo, Woodpecker, Plane) have in common as servers that are asked
/// over HTTP by one credential: addresses below one root, JSON, pages, limits, caches. What the
/// answers mean is for the adapters to say (trackers, ci), which know each other as little as
/// before.
namespace runner::forge {

/// One answer below 300, or one that had not changed since it was kept.
struct Reply {
  long status = 0;
  std::string body;   ///< as it came; JSON, or it is not here (an error instead)
  std::string next;   ///< address of the page behind it (Link: rel="next"); "" = the last, or none
  bool kept = false;  ///< the server said "not modified": the body is the kept one
};

/// A write.
struct Change {
  std::string method = "POST";
  std::string path;  ///< below the root, with its query
  std::string body;  ///< JSON; "" = none
  /// Safe to send again when its answer was lost: setting what is set already changes nothing.
  /// Otherwise an unknown outcome is an error of kind transient, and the caller looks before it
  /// asks again.
  bool repeatable = false;
};

/// One forge as one credential sees it. Errors carry whose business they are: denied (credential or
/// permission: names what is missing where the forge says so), not_found, rate_limited{until} (the
/// forge's limits or our own budget of this tick), conflict, transient. Answers that are no JSON,
/// are cut off, or are too large are transient. Thread-safe.
class Api {
 public:
  virtual ~Api() = default;
  /// GETs, several at a time, an answer for each in their order. Each is conditional where an
  /// earlier answer was kept, and tried again within the tick where that helps. A path begins with
  /// "/", or is an address that an earlier Reply called `next` (of the same origin, else refused).
  [[nodiscard]] virtual std::vector<jobs::Result<Reply>> get(
      std::span<const std::string> paths) = 0;
  [[nodiscard]] jobs::Result<Reply> get(const std::string& path);
  /// Shows the pages of a list one after the other, and holds none of them; false from `visit` ends
  /// it. Errors as get_all.
  [[nodiscard]] jobs::Status each_page(const std::string& path,
                                       const std::function<jobs::Result<bool>(Reply)>& visit,
                                       std::size_t most_pages = 200);
  /// All pages of a list, in order; an error on any page is the error of the whole. At most
  /// `most_pages`, and then an error, never a list that looks whole.
  [[nodiscard]] jobs::Result<std::vector<Reply>> get_all(const std::string& path,
                                                         std::size_t most_pages = 200);
  /// Writes, one after the other for each host and not too fast.
  [[nodiscard]] virtual jobs::Result<Reply> send(const Change& change) = 0;
  /// GraphQL queries (never mutations), several at a time. `body`: {"query": ..., "variables":
  /// ...}. An answer that is nothing but a rate limit is that error; errors of single fields stay
  /// in the body for the caller, who knows the aliases.
  [[nodiscard]] virtual std::vector<jobs::Result<Reply>> query(
      std::span<const std::string> bodies) = 0;
  /// Where it is, for people: "https://api.github.com".
  [[nodiscard]] virtual std::string_view shown() const = 0;
};

/// "/repos/acme/shop/issues/7": each part encoded as one segment, so that no name of a repository,
/// label or branch leaves its place.
[[nodiscard]] std::string path_of(std::span<const std::string_view> parts);
/// "?state=open&labels=a%2Cb".
[[nodiscard]] std::string query_of(
    std::span<const std::pair<std::string_view, std::string_view>> parts);

}  // namespace runner::forge
