#include "runner/store/http_cache.h"

#include <map>
#include <mutex>

#include <fmt/format.h>

#include "jobs/base/sha256.h"
#include "runner/store/sqlite_store.h"

namespace runner::store {

namespace {

/// More than this is not held in memory until the end of the tick.
constexpr std::size_t kMostWaiting = 8U << 20U;

/// Every text with its length, so that no two rows spell the same.
std::string digest_of(const jobs::HttpCacheKey& key, const jobs::HttpCached& answer) {
  std::string all;
  for (const std::string* text : {&key.url, &key.credential, &key.accept, &answer.etag,
                                  &answer.last_modified, &answer.next, &answer.body}) {
    all += fmt::format("{}:{}", text->size(), *text);
  }
  return jobs::sha256_hex(all);
}

std::string text_in(const Row& row, std::size_t cell) {
  const auto* text = cell < row.size() ? std::get_if<std::string>(&row[cell]) : nullptr;
  return text == nullptr ? std::string() : *text;
}

class StoredCache final : public jobs::HttpCache {
 public:
  explicit StoredCache(SqliteStore* store) : store_(store) {}
  StoredCache(const StoredCache&) = delete;
  StoredCache& operator=(const StoredCache&) = delete;
  ~StoredCache() override {
    const std::lock_guard lock(mutex_);
    static_cast<void>(write());  // What is lost is asked for again.
  }

  jobs::Result<std::optional<jobs::HttpCached>> get(const jobs::HttpCacheKey& key) override {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = waiting_.find(key); found != waiting_.end()) {
        return std::optional(found->second);
      }
    }
    return store_ == nullptr ? jobs::Result<std::optional<jobs::HttpCached>>(std::nullopt)
                             : store_->cached(key);
  }

  jobs::Status put(const jobs::HttpCacheKey& key, const jobs::HttpCached& answer) override {
    if (store_ == nullptr || !store_->writable()) {
      return jobs::ok();
    }
    if (const auto known = get(key); known && *known == answer) {
      return jobs::ok();
    }
    const std::lock_guard lock(mutex_);
    waiting_[key] = answer;
    bytes_ += answer.body.size();
    return bytes_ < kMostWaiting ? jobs::ok() : write();
  }

 private:
  /// With mutex_ held.
  jobs::Status write() {
    if (waiting_.empty()) {
      return jobs::ok();
    }
    auto written = store_->keep(waiting_);
    waiting_.clear();
    bytes_ = 0;
    return written;
  }

  SqliteStore* store_;
  std::mutex mutex_;
  std::map<jobs::HttpCacheKey, jobs::HttpCached> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace

jobs::Result<std::optional<jobs::HttpCached>> SqliteStore::cached(const jobs::HttpCacheKey& key) {
  return reading<std::optional<jobs::HttpCached>>(
      [&]() -> jobs::Result<std::optional<jobs::HttpCached>> {
        RUNNER_ASSIGN(const std::vector<Row> rows,
                      database_.rows("SELECT etag, last_modified, next, body, digest FROM "
                                     "http_cache WHERE url = ? AND credential = ? AND accept = ?",
                                     {key.url, key.credential, key.accept}));
        if (rows.empty()) {
          return std::nullopt;
        }
        const Row& row = rows.front();
        jobs::HttpCached answer{.etag = text_in(row, 0),
                                .last_modified = text_in(row, 1),
                                .next = text_in(row, 2),
                                .body = text_in(row, 3)};
        return digest_of(key, answer) == text_in(row, 4) ? std::optional(std::move(answer))
                                                         : std::nullopt;
      });
}

jobs::Status SqliteStore::keep(const std::map<jobs::HttpCacheKey, jobs::HttpCached>& answers) {
  return writing(nullptr, [&](Step& step) -> jobs::Status {
    for (const auto& [key, answer] : answers) {
      RUNNER_TRY(step.database.run(
          "INSERT OR REPLACE INTO http_cache(url, credential, accept, etag, last_modified, next, "
          "body, digest) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
          {key.url, key.credential, key.accept, answer.etag, answer.last_modified, answer.next,
           answer.body, digest_of(key, answer)}));
    }
    RUNNER_TRY(step.database.run(
        "DELETE FROM http_cache WHERE id <= (SELECT id FROM http_cache ORDER BY id DESC LIMIT 1 "
        "OFFSET ?)",
        {kMostCachedAnswers}));
    return step.database.run(
        "DELETE FROM http_cache WHERE id <= coalesce((SELECT max(id) FROM (SELECT id, "
        "sum(length(CAST(url AS BLOB)) + length(CAST(body AS BLOB))) OVER (ORDER BY id DESC) AS "
        "kept FROM http_cache) WHERE kept > ?), 0)",
        {kMostCachedBytes});
  });
}

std::unique_ptr<jobs::HttpCache> make_http_cache(jobs::StoreReader& store) {
  return std::make_unique<StoredCache>(dynamic_cast<SqliteStore*>(&store));
}

}  // namespace runner::store
