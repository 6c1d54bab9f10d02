#pragma once

#include <map>
#include <mutex>

#include "jobs/ports/http_cache.h"

namespace fakes {

/// Answers kept in memory. Safe from several threads.
class MemoryHttpCache final : public jobs::HttpCache {
 public:
  [[nodiscard]] jobs::Result<std::optional<jobs::HttpCached>> get(
      const jobs::HttpCacheKey& key) override {
    const std::lock_guard lock(mutex_);
    const auto found = kept.find(key);
    return found == kept.end() ? std::nullopt : std::optional(found->second);
  }
  [[nodiscard]] jobs::Status put(const jobs::HttpCacheKey& key,
                                 const jobs::HttpCached& answer) override {
    const std::lock_guard lock(mutex_);
    kept[key] = answer;
    return jobs::ok();
  }

  std::map<jobs::HttpCacheKey, jobs::HttpCached> kept;

 private:
  std::mutex mutex_;
};

}  // namespace fakes
