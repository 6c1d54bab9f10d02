#include <gtest/gtest.h>

#include "runner/trackers/kept_comments.h"

namespace runner::trackers {
namespace {

jobs::Comment comment(std::size_t bytes, const std::string& id) {
  return {.id = id, .author = "alice", .body = std::string(bytes, 'x'), .at = {}};
}

TEST(KeptComments, AllAreKeptWhileThereIsRoom) {
  KeptComments kept(KeptComments::Order::oldest_first, 100);
  for (const char* id : {"1", "2", "3"}) {
    kept.add(comment(33, id));
  }
  const auto comments = std::move(kept).take();
  ASSERT_EQ(comments.size(), 3U);
  for (const jobs::Comment& each : comments) {
    EXPECT_EQ(each.body.size(), 33U);
  }
}

TEST(KeptComments, TheOldestTextsGiveWayAndSaySo) {
  KeptComments kept(KeptComments::Order::oldest_first, 100);
  for (const char* id : {"1", "2", "3", "4"}) {
    kept.add(comment(40, id));
  }
  const auto comments = std::move(kept).take();
  ASSERT_EQ(comments.size(), 4U) << "none is missing";
  EXPECT_EQ(comments[0].body, "(40 bytes left out; they stand on the server)");
  EXPECT_EQ(comments[0].id, "1");
  EXPECT_EQ(comments[0].author, "alice");
  EXPECT_EQ(comments[1].body, comments[0].body);
  EXPECT_EQ(comments[2].body.size(), 40U);
  EXPECT_EQ(comments[3].body.size(), 40U);
}

TEST(KeptComments, OneThatIsTooLongAloneGivesWayToo) {
  KeptComments kept(KeptComments::Order::oldest_first, 100);
  kept.add(comment(101, "1"));
  kept.add(comment(1, "2"));
  const auto comments = std::move(kept).take();
  EXPECT_TRUE(comments[0].body.starts_with("(101 bytes left out"));
  EXPECT_EQ(comments[1].body, "x");
}

TEST(KeptComments, WhereTheNewestComeFirstTheLaterOnesGiveWay) {
  KeptComments kept(KeptComments::Order::newest_first, 100);
  for (const std::size_t bytes : {60U, 50U, 40U}) {
    kept.add(comment(bytes, "x"));
  }
  const auto comments = std::move(kept).take();
  EXPECT_EQ(comments[0].body.size(), 60U);
  EXPECT_TRUE(comments[1].body.starts_with("(50 bytes left out"));
  EXPECT_EQ(comments[2].body.size(), 40U) << "there is room for it";
}

}  // namespace
}  // namespace runner::trackers
