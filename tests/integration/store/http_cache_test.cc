// Answers of forges in the state: kept, bounded, and never in the way.
#include "runner/store/http_cache.h"

#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "runner/store/store.h"

namespace {

using runner::store::make_http_cache;

const jobs::HttpCacheKey kKey{.url = "https://h/x", .credential = "who", .accept = "json"};
const jobs::HttpCached kAnswer{
    .etag = "\"1\"", .last_modified = "", .next = "https://h/x?page=2", .body = "[1]"};

class HttpCache : public testing::Test {
 protected:
  HttpCache() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~HttpCache() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<jobs::Store> open() {
    auto store = runner::store::open_store(
        {.state_dir = folder_, .now = {}, .file_system_of = [](const std::string&) {
           return "ext4";
         }});
    EXPECT_TRUE(store) << store.error().text();
    return *std::move(store);
  }
  void keep(const jobs::HttpCacheKey& key, const jobs::HttpCached& answer) {
    const auto store = open();
    EXPECT_TRUE(make_http_cache(*store)->put(key, answer));
  }
  std::optional<jobs::HttpCached> look(const jobs::HttpCacheKey& key) {
    const auto store = open();
    const auto found = make_http_cache(*store)->get(key);
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::nullopt;
  }
  std::int64_t sql(const std::string& text) {
    sqlite3* database = nullptr;
    std::int64_t value = 0;
    sqlite3_open((folder_ + "/state.db").c_str(), &database);
    sqlite3_exec(
        database, text.c_str(),
        [](void* to, int, char** cells, char**) {
          *static_cast<std::int64_t*>(to) = std::stoll(cells[0]);
          return 0;
        },
        &value, nullptr);
    sqlite3_close(database);
    return value;
  }

  std::string folder_ = testing::TempDir() + "/http-cache-" + std::to_string(::getpid());
};

TEST_F(HttpCache, IsKeptFromTickToTickForOneCredentialAndForm) {
  keep(kKey, kAnswer);
  EXPECT_EQ(look(kKey), kAnswer);
  EXPECT_EQ(look({.url = kKey.url, .credential = "another", .accept = "json"}), std::nullopt);
  EXPECT_EQ(look({.url = kKey.url, .credential = "who", .accept = "xml"}), std::nullopt);
}

TEST_F(HttpCache, Invariant16_TheSameAgainWritesNothing) {
  keep(kKey, kAnswer);
  const std::int64_t id = sql("SELECT max(id) FROM http_cache");
  keep(kKey, kAnswer);
  EXPECT_EQ(sql("SELECT max(id) FROM http_cache"), id);
}

TEST_F(HttpCache, Invariant7_AStateThatIsOnlyReadKeepsNothing) {
  keep(kKey, kAnswer);
  {
    auto store = runner::store::open_store_read_only(folder_);
    ASSERT_TRUE(store) << store.error().text();
    const auto cache = make_http_cache(**store);
    EXPECT_EQ(**cache->get(kKey), kAnswer);
    jobs::HttpCached other = kAnswer;
    other.etag = "\"2\"";
    EXPECT_TRUE(cache->put(kKey, other));
  }
  EXPECT_EQ(look(kKey), kAnswer);
}

TEST_F(HttpCache, ADamagedRowIsNotThereAndStopsNothing) {
  keep(kKey, kAnswer);
  sql("UPDATE http_cache SET body = '[2]'");
  EXPECT_EQ(look(kKey), std::nullopt);
}

TEST_F(HttpCache, TheOldestGoWhenThereIsTooMuch) {
  keep(kKey, kAnswer);
  jobs::HttpCached large = kAnswer;
  large.body = std::string(1U << 20U, 'x');
  {
    const auto store = open();
    const auto cache = make_http_cache(*store);
    for (int i = 0; i < 70; ++i) {
      ASSERT_TRUE(cache->put(
          {.url = fmt::format("https://h/{}", i), .credential = "", .accept = ""}, large));
    }
  }
  EXPECT_EQ(look(kKey), std::nullopt);
  EXPECT_LE(sql("SELECT sum(length(body)) FROM http_cache"), runner::store::kMostCachedBytes);
  EXPECT_EQ(look({.url = "https://h/69", .credential = "", .accept = ""}), large);
}

}  // namespace
