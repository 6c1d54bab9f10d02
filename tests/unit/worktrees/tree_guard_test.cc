#include "worktrees/tree_guard.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace worktrees {
namespace {

TEST(TreeGuard, Invariant11_NamesForDotGitAreRefused) {
  for (const char* name : {".git", ".GIT", ".gIt", "git~1", "GIT~1", ".git.", ".git ", ".git . ",
                           ".git::$INDEX_ALLOCATION", ".git\\hooks", ".g\u200cit", "\ufeff.git",
                           ".git\u200d", ".", "..", "", "a/b"}) {
    EXPECT_FALSE(bad_entry_name(name).empty()) << name;
  }
  for (const char* name : {".gitignore", ".gitattributes", "git", ".gi", "...", "git~10", ".github",
                           "a:b", "new\nline", "-rf", " "}) {
    EXPECT_TRUE(bad_entry_name(name).empty()) << name;
  }
}

TEST(TreeGuard, OddModesAreRefused) {
  for (const unsigned mode : {0100644U, 0100755U, 0100664U, 0120000U, 0040000U, 0160000U}) {
    EXPECT_EQ(bad_entry_mode(mode), "") << mode;
  }
  for (const unsigned mode :
       {0104755U, 0102755U, 0101644U, 0060000U, 0010000U, 0U, 0040755U, 0120777U, 0777U}) {
    EXPECT_NE(bad_entry_mode(mode), "") << mode;
  }
}

TEST(TreeGuard, KeepsTheOrderOfGitAndNoNameTwice) {
  constexpr std::uint32_t kFile = 0100644;
  constexpr std::uint32_t kTree = 0040000;
  using Entries = std::vector<std::pair<std::string, std::uint32_t>>;
  const auto problem = [](const Entries& entries) {
    TreeGuard guard;
    for (const auto& [name, mode] : entries) {
      if (const std::string found = guard.problem_of(name, mode); !found.empty()) {
        return found;
      }
    }
    return std::string();
  };
  EXPECT_EQ(problem({{"a", kFile}, {"a.b", kFile}, {"a0", kTree}, {"b", kTree}}), "");
  EXPECT_EQ(problem({{"a.b", kFile}, {"a", kTree}, {"a0", kFile}}), "") << "as if it were a/";
  EXPECT_EQ(problem({{"a", kFile}, {"\xff", kFile}}), "") << "bytes have no sign";
  EXPECT_NE(problem({{"a", kFile}, {"a", kFile}}), "");
  EXPECT_NE(problem({{"a", kTree}, {"a", kTree}}), "");
  EXPECT_NE(problem({{"a", kFile}, {"a", kTree}}), "");
  EXPECT_NE(problem({{"a", kFile}, {"a.b", kFile}, {"a", kTree}}), "") << "not side by side";
  EXPECT_NE(problem({{"a", kTree}, {"a.b", kFile}}), "");
  EXPECT_NE(problem({{"b", kFile}, {"a", kFile}}), "");
  EXPECT_NE(problem({{".git", kTree}}), "");
  EXPECT_NE(problem({{"a", 0104755}}), "");
}

}  // namespace
}  // namespace worktrees
