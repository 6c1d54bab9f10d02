#include "worktrees/record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "worktrees/remote.h"

namespace worktrees {
namespace {

TEST(Record, ComesBackAsItWas) {
  const Record record{.slot = "w1",
                      .repo = "acme/shop",
                      .run = "r01",
                      .branch = "runner/1-x",
                      .base = jobs::Oid(std::string(40, 'a')),
                      .setup = "key",
                      .smudge = "another",
                      .bytes = 1LL << 40,
                      .given_back = 7,
                      .ignored = 99,
                      .sparse = {"a b", "c"},
                      .trust = "name",
                      .ready = true};
  const auto read = parse_record(record_text(record));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(record_text(*read), record_text(record));
  EXPECT_TRUE(read->ready);
  EXPECT_EQ(read->bytes, 1LL << 40);
  EXPECT_EQ(read->given_back, 7);
  EXPECT_EQ(read->smudge, "another");
}

TEST(Record, ACutOrStrangeOneIsNone) {
  const std::string text =
      record_text({.slot = "w1", .repo = "acme/shop", .run = "r01", .ready = true});
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_record(std::string_view(text).substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(parse_record("runner-worktree 2\nslot w1\nready 1\n").has_value());
  EXPECT_FALSE(parse_record("runner-worktree 1\nslot ../w1\nready 1\n").has_value());
  EXPECT_FALSE(parse_record("runner-worktree 1\nslot w1\nwhat x\nready 1\n").has_value());
  EXPECT_TRUE(parse_record("runner-worktree 1\nslot w1\nready 1\n").has_value()) << "older";
  for (const char* number : {"", "-1", "x", "1x", "99999999999999999999"}) {
    EXPECT_FALSE(
        parse_record(fmt::format("runner-worktree 1\nslot w1\nbytes {}\nready 1\n", number)))
        << number;
  }
}

TEST(Remote, LocalPathsAndShownUrls) {
  EXPECT_EQ(local_path("/srv/a.git"), "/srv/a.git");
  EXPECT_EQ(local_path("file:///srv/a.git"), "/srv/a.git");
  EXPECT_EQ(local_path("https://example.org/a.git"), std::nullopt);
  EXPECT_EQ(local_path("file://host/a.git"), std::nullopt);
}

TEST(Remote, Invariant12_ACredentialInAUrlIsNotShown) {
  EXPECT_EQ(shown_url("https://user:token@example.org/a.git"), "https://example.org/a.git");
  EXPECT_EQ(shown_url("https://token@example.org/a@b"), "https://example.org/a@b");
  EXPECT_EQ(shown_url("/srv/a.git"), "/srv/a.git");
}

TEST(Remote, FindBaseSaysWhatThereIs) {
  const std::map<std::string, jobs::Oid> branches{{"main", jobs::Oid("a")},
                                                  {"next", jobs::Oid("b")}};
  EXPECT_EQ(find_base(branches, "next", "u").value(), jobs::Oid("b"));
  const auto error = find_base(branches, "mian", "u").error();
  EXPECT_EQ(error.message, "u has no branch 'mian'; it has: main, next");
  EXPECT_EQ(error.hint, "did you mean 'main'?");
  EXPECT_EQ(find_base({}, "main", "u").error().message, "the remote has no branches: u is empty");
}

}  // namespace
}  // namespace worktrees
