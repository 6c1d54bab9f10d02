// Answers of a server are whatever a server says: fields and pages that are not as they should be.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "jobs/base/time.h"
#include "runner/forge/fields.h"
#include "runner/forge/pages.h"
#include "tests/fakes/scripted_api.h"

namespace runner::forge {
namespace {

using nlohmann::json;

TEST(ForgeFields, AreReadAsTheyAreOrNotAtAll) {
  const json object = json::parse(
      R"({"a":{"b":"text","n":7,"t":true},"null":null,"list":[1],"far":1e300,"when":"2026-11-20T08:00:00Z",
          "never":"0001-01-01T00:00:00Z","unix":1790000000,"beyond":99999999999999})");
  EXPECT_EQ(text(object, "a.b"), "text");
  EXPECT_EQ(number(object, "a.n"), 7);
  EXPECT_TRUE(flag(object, "a.t"));
  for (const char* name : {"a", "a.n", "a.b.c", "null", "null.x", "list", "none", "none.x"}) {
    EXPECT_EQ(text(object, name), "") << name;
    EXPECT_FALSE(flag(object, name)) << name;
  }
  EXPECT_EQ(number(object, "far"), 0);
  EXPECT_EQ(field(object, "null"), nullptr);
  EXPECT_EQ(text(json::array(), "a"), "");
  EXPECT_EQ(time(object, "when"), jobs::parse_time("2026-11-20T08:00:00Z"));
  EXPECT_FALSE(time(object, "never"));
  EXPECT_FALSE(time(object, "unix"));
  EXPECT_TRUE(unix_time(object, "unix"));
  EXPECT_FALSE(unix_time(object, "beyond"));
}

TEST(ForgeFields, WhatMakesNoSenseIsAnErrorAndNoEmptyList) {
  for (const char* body : {"", "<html>", "[1", "7", "{\"x\":7}", "{\"x\":{}}"}) {
    EXPECT_EQ(elements({.body = body}, "x").error().kind, jobs::ErrorKind::transient) << body;
  }
  EXPECT_FALSE(elements({.body = "{}"}, ""));
  EXPECT_FALSE(parsed({.body = std::string(200'000, '[')}));
  EXPECT_TRUE(elements({.body = "null"}, "").value().empty());
  EXPECT_TRUE(elements({.body = R"({"x":null})"}, "x").value().empty());
  EXPECT_TRUE(elements({.body = R"({"y":1})"}, "x").value().empty());
  EXPECT_EQ(elements({.body = R"({"x":[1,2]})"}, "x").value().size(), 2U);
}

std::string page_of(int first, int count) {
  json list = json::array();
  for (int i = 0; i < count; ++i) {
    list.push_back({{"id", first + i}});
  }
  return list.dump();
}

TEST(ForgePages, AServerThatCutsPagesIsReadToItsEnd) {
  fakes::ScriptedApi api;
  api.answer("/x?limit=50&page=1", page_of(0, 30));
  api.answer("/x?limit=50&page=2", page_of(30, 30));
  api.answer("/x?limit=50&page=3", page_of(60, 5));
  api.answer("/x?limit=50&page=4", "[]");
  EXPECT_EQ(numbered_pages(api, {.path = "/x"}).value().size(), 65U);
  EXPECT_EQ(api.asked.size(), 4U);
  api.asked.clear();
  EXPECT_EQ(numbered_pages(api, {.path = "/x", .most_of_server = [] { return 30; }}).value().size(),
            65U);
  EXPECT_EQ(api.asked.size(), 3U) << "a short page is the end where the cut is known";
}

TEST(ForgePages, LinksAreBelievedWhereThereAreSome) {
  fakes::ScriptedApi api;
  api.answer("/x?a=b&limit=50&page=1", page_of(0, 10), "/x?a=b&page=2");
  api.answer("/x?a=b&limit=50&page=2", page_of(10, 10));
  EXPECT_EQ(numbered_pages(api, {.path = "/x?a=b"}).value().size(), 20U);
  EXPECT_EQ(api.asked.size(), 2U);
}

TEST(ForgePages, AListWithoutPagesIsReadOnce) {
  fakes::ScriptedApi api;
  for (const char* page : {"1", "2", "3"}) {
    api.answer(std::string("/x?limit=50&page=") + page, page_of(0, 3));
  }
  EXPECT_EQ(numbered_pages(api, {.path = "/x"}).value().size(), 3U);
}

TEST(ForgePages, AnEndlessListAndABrokenPageAreErrors) {
  fakes::ScriptedApi api;
  for (int page = 1; page <= 9; ++page) {
    api.answer("/x?limit=50&page=" + std::to_string(page), page_of(page, 1));
  }
  EXPECT_FALSE(numbered_pages(api, {.path = "/x", .most_pages = 5}));
  api.answer("/x?limit=50&page=3", "{}");
  EXPECT_FALSE(numbered_pages(api, {.path = "/x"}));
}

}  // namespace
}  // namespace runner::forge
