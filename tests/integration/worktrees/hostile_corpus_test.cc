// Every tree of the corpus, from the remote and from an agent: fetched, written, kept, landed. What
// must be refused is; what is written is what git would write; nothing outside changes, nothing of
// the repository runs.
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "tests/integration/worktrees/hostile_trees.h"
#include "tests/integration/worktrees/raw_object.h"
#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

using jobs::LandResult;

constexpr std::size_t kGroups = 8;

class Corpus : public ServedRemote,
               public ::testing::WithParamInterface<std::tuple<Way, std::size_t>> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(std::get<Way>(GetParam()));
    write(top + "/outside/file", "not yours\n");
    first_ = remote_head();
  }

  /// Writes the tree with everything below it; its id. Whatever git thinks of it.
  std::string make_tree(const std::vector<OddEntry>& entries, const std::string& where) {
    std::string raw;
    for (const OddEntry& entry : entries) {
      std::string id = entry.id;
      if (id.empty()) {
        id = entry.below.empty() ? make_object(GIT_OBJECT_BLOB, entry.content, where)
                                 : make_tree(entry.below, where);
      }
      raw += entry.mode + " " + entry.name + std::string(1, '\0') + bytes_of_hex(id);
    }
    return make_object(GIT_OBJECT_TREE, raw, where);
  }
  std::string make_commit(const OddTree& tree, const std::string& where) {
    return git({"commit-tree", "-p", first_, "-m", "odd", make_tree(tree.entries, where)}, where);
  }

  void look_outside(const std::string& name) const {
    EXPECT_EQ(read(top + "/outside/file"), "not yours\n") << name;
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(top)) {
      found.push_back(entry.path().filename());
    }
    EXPECT_THAT(found, ::testing::IsSubsetOf(
                           {"home", "outside", "remote.git", "seed", "state", "token", "web"}))
        << name;
    EXPECT_EQ(std::distance(fs::directory_iterator(top + "/outside"), {}), 1) << name;
    for (const std::string& place : {top, top + "/state", seed}) {
      EXPECT_FALSE(fs::exists(place + "/RAN")) << name;
    }
  }

  static void is_told(const OddTree& tree, const std::string& said) {
    EXPECT_THAT(said, ::testing::HasSubstr(tree.says)) << tree.name;
    EXPECT_FALSE(said.empty()) << tree.name;
    for (const char c : said) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << tree.name;
    }
  }

  /// What git finds changed, without what it says of the submodules' names.
  [[nodiscard]] std::string changes_in(const std::string& path) const {
    std::istringstream lines(git(
        {"status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=all"}, path));
    std::string changes;
    for (std::string line; std::getline(lines, line);) {
      changes += line.starts_with("warning: ") ? "" : line + "\n";
    }
    return changes;
  }

  void from_the_remote(const OddTree& tree, int number) {
    git({"update-ref", "refs/heads/main", make_commit(tree, remote)}, remote);
    jobs::Run run = make_run(number, fmt::format("r{}", number));
    const auto prepared = workspace->prepare(repo, run);
    if (!prepared) {
      EXPECT_TRUE(tree.fate == Fate::refused || tree.fate == Fate::either)
          << tree.name << ": " << prepared.error().text();
      is_told(tree, prepared.error().text());
    } else {
      EXPECT_NE(tree.fate, Fate::refused) << tree.name;
      if (tree.fate == Fate::written || tree.fate == Fate::visited) {
        EXPECT_EQ(changes_in(prepared->path), "") << tree.name;
      }
      EXPECT_FALSE(fs::exists(prepared->path + "/RAN")) << tree.name;
    }
    git({"update-ref", "refs/heads/main", first_}, remote);
    const auto released = workspace->release(repo, run);
    EXPECT_TRUE(released.has_value()) << tree.name << ": " << released.error().text();
    look_outside(tree.name);
  }

  void from_an_agent(const OddTree& tree, int number) {
    jobs::Run run = make_run(number, fmt::format("r{}", number));
    const auto prepared = prepare(run);
    const std::string commit = make_commit(tree, prepared.path);
    write(checkout() + "/refs/heads/" + run.branch, commit + "\n");
    run.head = jobs::Oid(commit);
    run.verified_tree = jobs::Oid(git({"rev-parse", commit + "^{tree}"}, prepared.path));
    run.verified_base = run.base;
    const auto landed = workspace->land(repo, {.run = run, .at = kNow});
    const bool is_landed = landed && landed->kind == LandResult::Kind::landed;
    if (is_landed) {
      EXPECT_TRUE(tree.fate == Fate::written || tree.fate == Fate::either) << tree.name;
      EXPECT_NE(remote_head(), first_) << tree.name;
    } else {
      EXPECT_EQ(remote_head(), first_) << tree.name;
      EXPECT_NE(tree.fate, Fate::written)
          << tree.name << ": " << (landed ? landed->message : landed.error().text());
      is_told(tree, landed ? landed->message : landed.error().text());
      EXPECT_TRUE(!landed || !tree.rule.empty()) << tree.name << ": " << landed->rule;
      EXPECT_TRUE(!landed || landed->rule == tree.rule) << tree.name << ": " << landed->rule;
    }
    git({"update-ref", "refs/heads/main", first_}, remote);
    // Kept or left with a reason; either way nothing of it goes anywhere else.
    if (const auto released = workspace->release(repo, run); !released) {
      EXPECT_FALSE(released.error().message.empty()) << tree.name;
      run_program({"chmod", "-R", "u+rwX", options.root}, "/", top);
      fs::remove_all(ours(options.root));
      make_workspace();
    }
    look_outside(tree.name);
  }

  std::string first_;
};

INSTANTIATE_TEST_SUITE_P(By, Corpus,
                         ::testing::Combine(::testing::Values(Way::path, Way::http),
                                            ::testing::Range(std::size_t{0}, kGroups)),
                         [](const auto& one) {
                           return fmt::format("{}Part{}", name_of(std::get<Way>(one.param)),
                                              std::get<std::size_t>(one.param));
                         });

TEST_P(Corpus, Invariant11_NothingOfAHostileTreeReachesOutside) {
  const std::vector<OddTree> all = hostile_trees();
  EXPECT_GE(all.size(), 120U);
  options.retention.pool_size = 1;
  make_workspace();
  for (std::size_t i = std::get<std::size_t>(GetParam()); i < all.size(); i += kGroups) {
    from_the_remote(all[i], static_cast<int>(1000 + 2 * i));
    from_an_agent(all[i], static_cast<int>(1001 + 2 * i));
    if (HasFatalFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace worktrees::test
