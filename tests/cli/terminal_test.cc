#include <string>

#include <gtest/gtest.h>

#include "tests/cli/sample.h"
#include "tests/support/playground.h"

namespace test_support {
namespace {

TEST(CliTerminal, TablesAreAlignedAndColouredThereOnly) {
  Playground playground;
  fill_state(playground);
  const Answer shown = playground.run_on_terminal({"runs"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_NE(shown.out.find("\x1b[1mRUN\x1b[0m"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("\x1b[32mlanded\x1b[0m"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find('\t'), std::string::npos);
  const Answer piped = playground.run({"runs"});
  EXPECT_EQ(piped.out.find('\x1b'), std::string::npos);
  EXPECT_NE(piped.out.find("RUN\tISSUE\tSTATE"), std::string::npos) << piped.out;
}

TEST(CliTerminal, ColourCanBeDeclinedAndForced) {
  Playground playground;
  fill_state(playground);
  EXPECT_EQ(playground.run_on_terminal({"--color", "never", "status"}).out.find('\x1b'),
            std::string::npos);
  EXPECT_NE(playground.run({"--color", "always", "status"}).out.find('\x1b'), std::string::npos);
  playground.environment = {"NO_COLOR=1"};
  EXPECT_EQ(playground.run_on_terminal({"status"}).out.find('\x1b'), std::string::npos);
}

TEST(CliTerminal, LinesFitTheWidth) {
  Playground playground;
  fill_state(playground);
  const Answer shown = playground.run_on_terminal({"--color", "never", "runs"});
  std::size_t longest = 0;
  std::size_t length = 0;
  for (const char c : shown.out) {
    length = c == '\n' ? 0 : length + 1;
    longest = std::max(longest, length);
  }
  EXPECT_GT(longest, 60U);
  EXPECT_LE(longest, 110U) << "bytes; the terminal has 100 columns";
}

}  // namespace
}  // namespace test_support
