// Commits and heads of branches that no git would make, from the remote and from an agent: an
// error or a worktree, never a crash; no ref follows what is refused, and nothing of it lands.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/raw_object.h"
#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

struct OddHead {
  std::string name;
  std::string id;
  bool may_land = false;  ///< odd, but git's own tools read it without complaint
};

class HostileCommits : public ServedRemote, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(GetParam());
    first_ = remote_head();
  }

  /// All of them, in the repository at `where`, which has the first commit.
  [[nodiscard]] std::vector<OddHead> heads(const std::string& where) const {
    const std::string tree = git({"rev-parse", first_ + "^{tree}"}, where);
    const std::string blob = git({"rev-parse", first_ + ":README.md"}, where);
    const std::string nowhere(40, '7');
    const std::string who = "author a <a@a> 1795000000 +0000\ncommitter a <a@a> 1795000000 +0000\n";
    const std::string parent = "parent " + first_ + "\n";
    std::string parents;
    for (int i = 0; i < 20'000; ++i) {
      parents += parent;
    }
    const std::vector<std::pair<std::string, std::string>> commits = {
        {"nothing at all", ""},
        {"no tree", parent + who + "\nx\n"},
        {"a tree that is missing", "tree " + nowhere + "\n" + parent + who + "\nx\n"},
        {"a tree that is a file", "tree " + blob + "\n" + parent + who + "\nx\n"},
        {"a tree that is a commit", "tree " + first_ + "\n" + parent + who + "\nx\n"},
        {"a tree of too few digits", "tree " + tree.substr(1) + "\n" + parent + who + "\nx\n"},
        {"a tree of other letters", "tree " + std::string(40, 'z') + "\n" + who + "\nx\n"},
        {"a parent that is missing", "tree " + tree + "\nparent " + nowhere + "\n" + who + "\nx\n"},
        {"a parent that is a tree", "tree " + tree + "\nparent " + tree + "\n" + who + "\nx\n"},
        {"a parent before its tree", parent + "tree " + tree + "\n" + who + "\nx\n"},
        {"twenty thousand parents", "tree " + tree + "\n" + parents + who + "\nx\n"},
        {"nobody who made it", "tree " + tree + "\n" + parent + "\nx\n"},
        {"a date that is none",
         "tree " + tree + "\n" + parent +
             "author a <a@a> 99999999999999999999 +9999\ncommitter a <a@a> -1 -0000\n\nx\n"},
        {"a name with a line", "tree " + tree + "\n" + parent +
                                   "author a\nb <a@a> 1 +0000\ncommitter a <a@a> 1 +0000\n\nx\n"},
        {"a NUL in its message",
         "tree " + tree + "\n" + parent + who + "\nx" + std::string(1, '\0') + "y\n"},
        {"a NUL in its header",
         "tree " + tree + "\n" + parent + "author a" + std::string(1, '\0') + "\n" + who + "\nx\n"},
        {"no empty line", "tree " + tree + "\n" + parent + who},
        {"a header of two megabytes", "tree " + tree + "\n" + parent + who + "x " +
                                          std::string(std::size_t{2} << 20U, 'x') + "\n\nx\n"},
        {"an encoding that is none",
         "tree " + tree + "\n" + parent + who + "encoding \x1b[31m\n\n\xff\xfe\n"},
    };
    std::vector<OddHead> all = {{"a file", blob}, {"a tree", tree}};
    for (const auto& [name, content] : commits) {
      all.push_back({"a commit with " + name, make_object(GIT_OBJECT_COMMIT, content, where),
                     name == "a NUL in its message" || name == "no empty line" ||
                         name == "an encoding that is none"});
    }
    const auto tag = [&](const std::string& id, const std::string& type) {
      return fmt::format("object {}\ntype {}\ntag v1\ntagger a <a@a> 1795000000 +0000\n\nx\n", id,
                         type);
    };
    std::string on = first_;
    for (int i = 0; i < 100; ++i) {
      on = make_object(GIT_OBJECT_TAG, tag(on, i == 0 ? "commit" : "tag"), where);
    }
    all.push_back({"a hundred tags on one another", on});
    for (const auto& [name, content] : std::vector<std::pair<std::string, std::string>>{
             {"on a commit", tag(first_, "commit")},
             {"on a tree", tag(tree, "tree")},
             {"on what is missing", tag(nowhere, "commit")},
             {"that says another type", tag(first_, "blob")},
             {"of nothing", ""}}) {
      all.push_back({"a tag " + name, make_object(GIT_OBJECT_TAG, content, where)});
    }
    return all;
  }

  static void is_told(const OddHead& head, const jobs::Error& error) {
    EXPECT_FALSE(error.message.empty()) << head.name;
    EXPECT_NE(error.kind, jobs::ErrorKind::bug) << head.name << ": " << error.text();
    for (const char c : error.text()) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << head.name;
    }
  }

  std::string first_;
};

INSTANTIATE_TEST_SUITE_P(By, HostileCommits,
                         ::testing::Values(Way::path, Way::http, Way::http_libgit2),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(HostileCommits, TheBaseOfTheRemoteIsNone) {
  ASSERT_EQ(prepare_error(10).message, "");
  int number = 100;
  int refused = 0;
  for (const OddHead& head : heads(remote)) {
    ++number;
    write(remote + "/refs/heads/main", head.id + "\n");
    const jobs::Run run = make_run(number, fmt::format("r{}", number));
    const auto prepared = workspace->prepare(repo, run);
    if (prepared) {
      EXPECT_EQ(status(prepared->path), "") << head.name;
      EXPECT_EQ(read(prepared->path + "/README.md"), "hello\n") << head.name;
    } else {
      ++refused;
      is_told(head, prepared.error());
      EXPECT_FALSE(fs::exists(mirror() + "/packs-before-fetch")) << head.name;
    }
    write(remote + "/refs/heads/main", first_ + "\n");
    const jobs::Run good = make_run(number + 500, fmt::format("r{}", number + 500));
    const auto after = workspace->prepare(repo, good);
    ASSERT_TRUE(after.has_value()) << "after " << head.name << ": " << after.error().text();
    EXPECT_EQ(after->base.str(), first_) << head.name;
    for (const jobs::Run& done : {run, good}) {
      const auto released = workspace->release(repo, done);
      EXPECT_TRUE(released.has_value()) << head.name << ": " << released.error().text();
    }
  }
  EXPECT_GE(refused, 12);
}

TEST_P(HostileCommits, TheHeadOfAnAgentsBranchDoesNotLand) {
  int number = 100;
  jobs::Run seen = make_run(99, "r99");
  prepare(seen);
  for (const OddHead& head : heads(seen.worktree)) {
    ++number;
    jobs::Run run = make_run(number, fmt::format("r{}", number));
    prepare(run);
    write(checkout() + "/refs/heads/" + run.branch, head.id + "\n");
    run.head = jobs::Oid(head.id);
    run.verified_tree = jobs::Oid(git({"rev-parse", first_ + "^{tree}"}, remote));
    run.verified_base = run.base;
    if (const auto facts = workspace->observe(repo, run); !facts) {
      is_told(head, facts.error());
    }
    const auto landed = workspace->land(repo, {.run = run, .at = kNow});
    if (!landed) {
      is_told(head, landed.error());
    } else if (landed->kind != jobs::LandResult::Kind::landed) {
      EXPECT_EQ(landed->kind, jobs::LandResult::Kind::rejected) << head.name;
      EXPECT_NE(landed->message, "") << head.name;
    } else {
      EXPECT_TRUE(head.may_land) << head.name;
      git({"fsck", "--no-dangling"}, remote);
    }
    EXPECT_TRUE(remote_head() == first_ || head.may_land) << head.name;
    git({"update-ref", "refs/heads/main", first_}, remote);
    if (const auto released = workspace->release(repo, run); !released) {
      is_told(head, released.error());
    }
  }
}

}  // namespace
}  // namespace worktrees::test
