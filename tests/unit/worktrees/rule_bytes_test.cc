// How much of rules may be shown to libgit2.
#include "worktrees/rule_bytes.h"

#include <gtest/gtest.h>

namespace worktrees {
namespace {

TEST(RuleBytes, OnlyFilesOfRulesCount) {
  EXPECT_TRUE(RuleBytes::counts(".gitignore"));
  EXPECT_TRUE(RuleBytes::counts("a/b/.gitattributes"));
  EXPECT_FALSE(RuleBytes::counts(".gitignore/x"));
  EXPECT_FALSE(RuleBytes::counts("a.gitignore"));
  EXPECT_FALSE(RuleBytes::counts(".gitmodules"));
  EXPECT_FALSE(RuleBytes::counts(""));
}

TEST(RuleBytes, EachKindHasItsOwnBound) {
  RuleBytes rules;
  EXPECT_EQ(rules.add(".gitignore", RuleBytes::kMost), "");
  EXPECT_EQ(rules.add(".gitattributes", RuleBytes::kMost - 1), "");
  EXPECT_EQ(rules.add("a/.gitattributes", 1), "");
  EXPECT_EQ(rules.add("b\n/.gitattributes", 1),
            "the .gitattributes files up to 'b /.gitattributes' have 1048577 bytes together, at "
            "most 1048576");
  EXPECT_EQ(rules.add("a/.gitignore", 0), "");
  EXPECT_NE(rules.add("b/.gitignore", 1), "");
}

}  // namespace
}  // namespace worktrees
