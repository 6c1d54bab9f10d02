#include <array>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/playground.h"

namespace test_support {
namespace {

/// What bash would offer behind these words.
std::string offered(const Playground& playground, const std::string& words) {
  const std::string script = playground.folder() + "/ask.sh";
  write_file(
      script,
      "source " + playground.folder() + "/completion.bash\nCOMP_WORDS=(" + words +
          ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_runner\necho -n \"${COMPREPLY[*]}\"\n");
  FILE* bash = popen(("bash --norc " + script).c_str(), "r");
  if (bash == nullptr) {
    return "bash is missing";
  }
  std::array<char, 4096> buffer{};
  const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), bash);
  pclose(bash);
  return {buffer.data(), got};
}

TEST(CliCompletion, BashOffersCommandsOptionsAndValues) {
  Playground playground;
  const Answer script = playground.run({"completion", "bash"});
  ASSERT_EQ(script.exit_code, 0);
  write_file(playground.folder() + "/completion.bash", script.out);
  EXPECT_EQ(offered(playground, "runner ru"), "runs");
  EXPECT_EQ(offered(playground, "runner runs s"), "show");
  EXPECT_EQ(offered(playground, "runner runs --outcome fr"), "frozen");
  EXPECT_EQ(offered(playground, "runner --json runs --li"), "--live --limit");
  EXPECT_EQ(offered(playground, "runner tick --job w"), "watch");
  EXPECT_EQ(offered(playground, "runner completion b"), "bash");
}

}  // namespace
}  // namespace test_support
