#include "worktrees/case_twins.h"

#include <gmock/gmock.h>

namespace worktrees {
namespace {

using ::testing::ElementsAre;

TEST(CaseTwins, AreNamesThatDifferInLetterCaseAlone) {
  CaseTwins twins;
  add_case_twins(twins, "", {"Makefile", "README", "makefile", "readme.md"});
  add_case_twins(twins, "src", {"a", "b"});
  add_case_twins(twins, "src/deep", {"X", "x"});
  EXPECT_THAT(twins.pairs, ElementsAre("Makefile and makefile", "src/deep/X and src/deep/x"));
  EXPECT_EQ(twins.all, 2U);
  EXPECT_EQ(twins.text(),
            "paths that differ in letter case alone: Makefile and makefile, src/deep/X and "
            "src/deep/x");
}

TEST(CaseTwins, OnlyLettersOfAsciiHaveACase) {
  CaseTwins twins;
  add_case_twins(twins, "", {"\xC3\x84", "\xC3\xA4", "[", "{", "@", "`"});
  EXPECT_EQ(twins.all, 0U);
  EXPECT_EQ(twins.text(), "");
}

TEST(CaseTwins, AFewAreShownAndTheOthersCounted) {
  CaseTwins twins;
  for (int i = 0; i < 8; ++i) {
    add_case_twins(twins, "", {"A", "a", "b"});
  }
  EXPECT_EQ(twins.all, 8U);
  EXPECT_EQ(twins.pairs.size(), 5U);
  EXPECT_THAT(twins.text(), ::testing::EndsWith("A and a, and 3 more"));
}

TEST(CaseTwins, ThreeOfANameAreTwoPairs) {
  CaseTwins twins;
  add_case_twins(twins, "", {"ab", "AB", "Ab"});
  EXPECT_THAT(twins.pairs, ElementsAre("AB and Ab", "Ab and ab"));
}

TEST(CaseTwins, TerminalsAreNotTold) {
  CaseTwins twins;
  add_case_twins(twins, "\x1b[31m", {"a\nb", "A\nb"});
  EXPECT_EQ(twins.text().find('\n'), std::string::npos);
  EXPECT_EQ(twins.text().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace worktrees
