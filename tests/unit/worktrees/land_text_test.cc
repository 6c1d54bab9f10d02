#include "worktrees/land_text.h"

#include <gtest/gtest.h>

namespace worktrees {
namespace {

TEST(Glob, Invariant10_ProtectedPathsMatchWhatTheySay) {
  struct Row {
    const char* glob;
    const char* path;
    bool matches;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"Makefile", "Makefile", true},
           {"Makefile", "src/Makefile", false},
           {"*.lock", "a.lock", true},
           {"*.lock", "dir/a.lock", false},
           {"**/*.lock", "a.lock", true},
           {"**/*.lock", "x/y/a.lock", true},
           {"**/secret", "mysecret", false},
           {"**/secret", "a/secret", true},
           {"a/**/z", "a/z", true},
           {"a/**/z", "a/b/c/z", true},
           {"a/**/z", "a/b/c/zz", false},
           {".github/**", ".github/workflows/x.yml", true},
           {".github/**", ".githubx/y", false},
           {".github", ".github/workflows/x.yml", true},
           {".github/", ".github/workflows/x.yml", true},
           {"/.github", ".github/x", true},
           {"a?c", "abc", true},
           {"a?c", "a/c", false},
           {"a*c", "a/c", false},
           {"a**c", "a/b/c", true},
           {"**", "anything/at/all", true},
           {"", "x", false},
           {"/", "x", false},
           {"src/*/gen.cc", "src/a/gen.cc", true},
           {"src/*/gen.cc", "src/a/b/gen.cc", false},
       }) {
    EXPECT_EQ(glob_matches(row.glob, row.path), row.matches) << row.glob << " " << row.path;
  }
}

TEST(Glob, AHostilePatternEndsSoon) {
  std::string glob;
  for (int i = 0; i < 40; ++i) {
    glob += "*a";
  }
  EXPECT_FALSE(glob_matches(glob + "b", std::string(2000, 'a')));
}

TEST(CiSkip, KnowsTheTokensInAnyCase) {
  for (const char* message :
       {"x [skip ci]", "[CI SKIP] x", "a\n\n[No CI]\n", "[skip actions]", "[Actions Skip]",
        "***NO_CI***", "x\n\nskip-checks: true\n", "Skip-Checks:true"}) {
    EXPECT_TRUE(ci_skip_token(message).has_value()) << message;
  }
  for (const char* message : {"skip the ci", "[skip]", "skip-checks: false", "", "[ skip ci ]"}) {
    EXPECT_FALSE(ci_skip_token(message).has_value()) << message;
  }
}

TEST(Subject, CarriesNoTokenAndOneLine) {
  EXPECT_EQ(subject_text("Add a cart"), "Add a cart");
  for (const char* title :
       {"[skip [skip ci]ci]", "a\n\nskip-checks: true", "***NO_CI***", "[[no ci]no ci]"}) {
    const std::string subject = subject_text(title);
    EXPECT_FALSE(ci_skip_token(subject).has_value()) << subject;
    EXPECT_EQ(subject.find('\n'), std::string::npos) << subject;
  }
}

TEST(Trailer, IsReadFromTheLastParagraphOnly) {
  EXPECT_TRUE(has_trailer("Merge\n\nCloses #1\n\nRunner-Run: r01\n", "Runner-Run", "r01"));
  EXPECT_FALSE(has_trailer("Merge\n\nRunner-Run: r01\n\nRunner-Run: r02\n", "Runner-Run", "r01"));
  EXPECT_FALSE(has_trailer("Runner-Run: r01", "Runner-Run", "r01"));
  EXPECT_FALSE(has_trailer("Merge\n\nRunner-Run: r011\n", "Runner-Run", "r01"));
}

}  // namespace
}  // namespace worktrees
