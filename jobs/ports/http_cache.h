#pragma once

#include <optional>
#include <string>

#include "jobs/base/result.h"

namespace jobs {

/// Whose answer to which question. An answer to one credential is nobody else's business: they
/// never share one.
struct HttpCacheKey {
  std::string url;
  std::string credential;  ///< digest of who asked, never the secret; "" = nobody
  std::string accept;
  friend auto operator<=>(const HttpCacheKey&, const HttpCacheKey&) = default;
};

/// An answer that a server may be asked about again with "has it changed?".
struct HttpCached {
  std::string etag;
  std::string last_modified;
  std::string next;  ///< address of the page behind it; "" = the last
  std::string body;
  friend bool operator==(const HttpCached&, const HttpCached&) = default;
};

/// What earlier ticks were answered. Nothing depends on it but the number of requests: an entry
/// that is lost, or cannot be read, is asked for again.
class HttpCache {
 public:
  virtual ~HttpCache() = default;
  [[nodiscard]] virtual Result<std::optional<HttpCached>> get(const HttpCacheKey& key) = 0;
  /// Keeps it, where this state may be written to; a dry run's cache forgets it. Nothing is
  /// written when the same is there already.
  [[nodiscard]] virtual Status put(const HttpCacheKey& key, const HttpCached& answer) = 0;
};

}  // namespace jobs
