#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "runner/trackers/front_matter.h"

namespace runner::trackers {
namespace {

using std::string_view_literals::operator""sv;

constexpr const char* kSeed = R"(+++
number = 12 # n
title = "a \" # ] b"
"labels" = ["x", 'y # "', """z
+++ not the end""",]
priority = 3
[other]
labels = []
+++
body
)";

std::string mutated(std::string text, std::mt19937& random) {
  static constexpr std::string_view kBytes = "\"'#[]{}=,+\\\n\r\t \0\x1b\xFF\xC3.a1"sv;
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (std::size_t i = below(4) + 1; i > 0 && !text.empty(); --i) {
    const std::size_t at = below(text.size());
    switch (below(4)) {
      case 0: text[at] = kBytes[below(kBytes.size())]; break;
      case 1: text.insert(at, 1, kBytes[below(kBytes.size())]); break;
      case 2: text.erase(at, below(8) + 1); break;
      default: text.insert(at, text.substr(below(text.size()), below(12))); break;
    }
  }
  return text;
}

TEST(LocalTrackerText, AnyBytesAreReadAndAnEditOfReadableOnesDoesWhatItSays) {
  std::mt19937 random(4711);
  const std::array<KeyEdit, 2> edits{KeyEdit{.key = "labels", .value = "[\"new\"]"},
                                     KeyEdit{.key = "priority", .value = std::nullopt}};
  int readable = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = mutated(kSeed, random);
    const IssueText before = parse_issue_text(text, "1.md");
    if (!before.problem.empty()) {
      ASSERT_NE(before.problem.find("1.md:"), std::string::npos) << before.problem;
      continue;
    }
    ++readable;
    const auto changed = edit_front_matter(text, edits);
    ASSERT_TRUE(changed.has_value());
    IssueText expected = before;
    expected.labels = {"new"};
    expected.priority.reset();
    EXPECT_EQ(parse_issue_text(*changed, "1.md"), expected) << text << "\n---\n" << *changed;
  }
  EXPECT_GT(readable, 200) << "the seed no longer says anything";
}

TEST(LocalTrackerText, AKeyIsAddedBehindTheOthersAndBeforeTables) {
  const std::array<KeyEdit, 1> edits{KeyEdit{.key = "state", .value = "\"closed\""}};
  EXPECT_EQ(edit_front_matter("+++\n+++\n", edits).value(), "+++\nstate = \"closed\"\n+++\n");
  EXPECT_EQ(edit_front_matter("+++\na = 1\n\n# c\n[t]\nstate = 2\n+++\n", edits).value(),
            "+++\na = 1\nstate = \"closed\"\n\n# c\n[t]\nstate = 2\n+++\n");
  EXPECT_FALSE(edit_front_matter("no front matter", edits).has_value());
}

TEST(LocalTrackerText, CommentsNeedNoFrontMatter) {
  EXPECT_EQ(parse_comment_text("just text\n").body, "just text");
  EXPECT_EQ(parse_comment_text("just text\n").author, "");
  const CommentText broken = parse_comment_text("+++\nauthor = \n+++\n\nbody\n");
  EXPECT_EQ(broken.author, "");
  EXPECT_EQ(broken.body, "body");
}

}  // namespace
}  // namespace runner::trackers
