// What an agent can leave in the place of files that libgit2 opens.
#include <sys/stat.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;

class BlockingRules : public Playground {
 protected:
  jobs::WorktreeFacts observe(const jobs::Run& run) {
    auto facts = workspace->observe(repo, run);
    EXPECT_TRUE(facts.has_value()) << (facts ? "" : facts.error().text());
    return facts ? *facts : jobs::WorktreeFacts{};
  }
};

// libgit2 opens them by their names; a pipe that nobody writes to makes that wait for ever.
TEST_F(BlockingRules, PipesInThePlaceOfRulesHoldNobodyUp) {
  for (const char* const name : {".gitignore", ".gitattributes", ".gitmodules"}) {
    for (const bool behind_a_link : {false, true}) {
      jobs::Run run = make_run(12, fmt::format("r{}{}", name, behind_a_link));
      const auto prepared = prepare(run);
      commit_in(prepared.path, {{"cart.txt", fmt::format("{}{}\n", name, behind_a_link)}});
      for (const std::string& folder : {prepared.path, prepared.path + "/src",
                                        prepared.path + "/new", prepared.path + "/build"}) {
        fs::create_directories(folder);
        fs::remove(folder + "/" + name);
        const std::string pipe = folder + (behind_a_link ? "/pipe" : std::string("/") + name);
        fs::remove(pipe);
        ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
        if (behind_a_link) {
          fs::create_symlink("pipe", folder + "/" + name);
        }
      }
      EXPECT_TRUE(observe(run).dirty);
      EXPECT_TRUE(workspace->rescue(repo, run).has_value());
      verify(run);
      EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
      ASSERT_TRUE(workspace->release(repo, run).has_value());
    }
  }
}

}  // namespace
}  // namespace worktrees::test
