#include "worktrees/convert_text.h"

#include <gtest/gtest.h>

namespace worktrees {
namespace {

TEST(ExpandIdent, EveryKeywordAndNothingElse) {
  EXPECT_EQ(expand_ident("$Id$ a $Id: old $ b $Id:$", "77"), "$Id: 77 $ a $Id: 77 $ b $Id: 77 $");
  for (const char* text : {"", "$", "$Id", "$Id:", "$Id: never ends", "$Id: two words $", "$id$",
                           "$Id: over\nlines $", "$$"}) {
    EXPECT_EQ(expand_ident(text, "77"), text);
  }
  EXPECT_EQ(expand_ident("$$Id$$", "77"), "$$Id: 77 $$");
}

TEST(Encode, KnowsWhatGitKnows) {
  EXPECT_EQ(encode("a", "UTF-16LE"), std::string("a\0", 2));
  EXPECT_EQ(encode("a", "utf-16be-bom"), std::string("\xfe\xff\0a", 4));
  EXPECT_EQ(encode("\xc3\xa9", "ISO-8859-1"), "\xe9");
  EXPECT_EQ(encode("\xe2\x82\xac", "ISO-8859-1"), std::nullopt) << "there is no euro in it";
  EXPECT_EQ(encode("\xff", "UTF-16LE"), std::nullopt) << "no UTF-8";
  EXPECT_EQ(encode("a", "nonsense"), std::nullopt);
  EXPECT_EQ(encode("", "nonsense"), "");
  EXPECT_EQ(encode("a", "utf8"), "a");
  const std::string longer(10'000, 'x');
  EXPECT_EQ(encode(longer, "UTF-16LE")->size(), 20'000U);
}

}  // namespace
}  // namespace worktrees
