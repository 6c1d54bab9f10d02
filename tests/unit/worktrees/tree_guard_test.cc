#include "worktrees/tree_guard.h"

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

}  // namespace
}  // namespace worktrees
