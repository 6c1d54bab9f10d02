#include "jobs/base/ascii.h"

#include <gtest/gtest.h>

namespace jobs {
namespace {

TEST(Ascii, OnlyLettersOfAsciiChange) {
  EXPECT_EQ(ascii_lower("AZ az 09 [\\]^_` @{"), "az az 09 [\\]^_` @{");
  EXPECT_EQ(ascii_lower("\xc3\x84\xff"), "\xc3\x84\xff") << "bytes of other characters stay";
  EXPECT_EQ(ascii_lower(std::string_view("A\0B", 3)), std::string_view("a\0b", 3));
  EXPECT_EQ(ascii_lower(""), "");
}

TEST(Ascii, NamesAreTheSameButForTheCaseOfTheirLetters) {
  EXPECT_TRUE(same_but_for_case("Acme/Shop", "aCME/sHOP"));
  EXPECT_TRUE(same_but_for_case("", ""));
  EXPECT_FALSE(same_but_for_case("acme", "acme/"));
  EXPECT_FALSE(same_but_for_case("[", "{")) << "32 apart, and no letters";
  EXPECT_FALSE(same_but_for_case("\xc3\x84", "\xc3\xa4")) << "letters of other alphabets";
}

}  // namespace
}  // namespace jobs
