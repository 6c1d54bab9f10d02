#include "jobs/model/issue.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jobs {
namespace {

using Names = std::vector<std::string>;

TEST(Issue, ATextThatIsLeftOutHoldsNoMemory) {
  Issue issue;
  issue.body = std::string(100'000, 'x');
  issue.leave_text_out();
  EXPECT_LT(issue.body.capacity(), 100U);
  EXPECT_EQ(issue.text_bytes(), 100'000);
}

TEST(Issue, BlockedByIsFoundInEveryWriting) {
  EXPECT_EQ(blocked_by_references("Blocked by #7"), Names{"#7"});
  EXPECT_EQ(blocked_by_references("text\n- blocked by acme/lib#3, #4 and #5, and a#6\n"),
            (Names{"acme/lib#3", "#4", "#5", "a#6"}));
  EXPECT_EQ(blocked_by_references("**Blocked by:** #1"), Names{"#1"});
  EXPECT_EQ(blocked_by_references("BLOCKED  BY #1 blocked by #2."), (Names{"#1", "#2"}));
  EXPECT_EQ(blocked_by_references("blocked by #1, #1\nblocked by #1"), Names{"#1"});
}

TEST(Issue, OtherTextIsNoBlocker) {
  for (const char* text :
       {"", "see #7", "unblocked by #7", "blocked bye #7", "blocked by", "blocked by the rain, #7",
        "blocked by #0", "blocked by #7a", "blocked by #", "blocked by #1234567890123456"}) {
    EXPECT_EQ(blocked_by_references(text), Names{}) << text;
  }
  EXPECT_EQ(blocked_by_references("blocked by #1 or #2"), Names{"#1"});
}

TEST(Issue, BlockersAreBounded) {
  std::string body = "blocked by #1";
  for (int i = 2; i < 200; ++i) {
    body += ", #" + std::to_string(i);
  }
  const Names found = blocked_by_references(body);
  ASSERT_EQ(found.size(), 50U);
  EXPECT_EQ(found.back(), "#50");
}

TEST(Issue, AHugeBodyIsReadInLinearTime) {
  std::string body;
  while (body.size() < (10U << 20U)) {
    body += "blocked by blocked by/";
  }
  EXPECT_EQ(blocked_by_references(body), Names{});
}

TEST(Issue, DigestCoversTitleAndBody) {
  Issue issue;
  issue.title = "ab";
  issue.body = "c";
  const std::string digest = issue.text_digest();
  EXPECT_EQ(digest.size(), 64U);
  issue.labels = {"x"};
  EXPECT_EQ(issue.text_digest(), digest);
  issue.body = "d";
  EXPECT_NE(issue.text_digest(), digest);
  issue.title = "a";
  issue.body = "bc";
  EXPECT_NE(issue.text_digest(), digest);
  Issue moved;
  moved.title = "a\nb";
  Issue other;
  other.title = "a";
  other.body = "b\n";
  EXPECT_NE(moved.text_digest(), other.text_digest());
}

TEST(Issue, LabelsAreComparedWhole) {
  Issue issue;
  issue.labels = {"ready-for-agent-later"};
  EXPECT_FALSE(issue.has_label("ready-for-agent"));
  issue.labels.emplace_back("ready-for-agent");
  EXPECT_TRUE(issue.has_label("ready-for-agent"));
}

TEST(Issue, PermissionsAreOrdered) {
  EXPECT_LT(Permission::unknown, Permission::none);
  EXPECT_LT(Permission::triage, Permission::write);
  EXPECT_LT(Permission::write, Permission::admin);
  EXPECT_EQ(to_string(Permission::triage), "triage");
}

}  // namespace
}  // namespace jobs
