// Remotes that do not send all that a commit needs: nothing of it counts, and it is asked for
// again.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/worktrees/made_pack.h"
#include "tests/integration/worktrees/served_remote.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;
using Type = MadePack::Type;

class Lacking : public ServedRemote, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(GetParam());
  }

  /// A base whose commit has one file; the pack that the server has of it is made by `fill`.
  template <typename Fill>
  void serve_base(const Fill& fill) {
    pack_ = MadePack();
    blob = MadePack::id_of(Type::blob, "right\n");
    fill(pack_, blob);
    tree = pack_.add(Type::tree, MadePack::entry("100644", "file", blob));
    const std::string commit =
        pack_.add(Type::commit, fmt::format("tree {}\nparent {}\nauthor a <a@a> 1795000000 +0000\n"
                                            "committer a <a@a> 1795000000 +0000\n\nlacking\n",
                                            tree, first));
    pack_.write(remote + "/objects/pack");
    write(remote + "/refs/heads/main", commit + "\n");
  }
  void forget_packs() const {
    for (const auto& file : fs::directory_iterator(remote + "/objects/pack")) {
      fs::remove(file.path());
    }
  }
  [[nodiscard]] std::vector<std::string> packs_of_mirror() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(mirror() + "/objects/pack")) {
      names.push_back(file.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  std::string blob;
  std::string tree;
  std::string first;
  MadePack pack_;
};

INSTANTIATE_TEST_SUITE_P(By, Lacking,
                         ::testing::Values(Way::path, Way::http, Way::http_libgit2, Way::ssh),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(Lacking, AnObjectWithAnotherContentThanItsNameSaysIsMissed) {
  first = remote_head();
  ASSERT_EQ(prepare_error(11).message, "");
  const auto before = packs_of_mirror();
  // The server reads no file that it sends as it stands in its pack; the name is the wrong one.
  serve_base([](MadePack& pack, const std::string& id) { pack.add_as(Type::blob, "wrong\n", id); });
  for (const int again : {12, 13}) {
    const jobs::Error error = prepare_error(again);
    EXPECT_EQ(error.kind, ErrorKind::transient) << error.text();
    if (GetParam() != Way::path) {  // there libgit2 reads it itself, and hashes what it reads
      EXPECT_THAT(error.text(), HasSubstr("the object " + blob + " was not sent, which the tree " +
                                          tree + " needs"));
    }
    EXPECT_EQ(git({"rev-parse", "refs/remotes/origin/main"}, mirror()), first);
    EXPECT_EQ(packs_of_mirror(), before);
    EXPECT_FALSE(fs::exists(mirror() + "/packs-before-fetch"));
  }
  forget_packs();
  serve_base([](MadePack& pack, const std::string&) { pack.add(Type::blob, "right\n"); });
  jobs::Run run = make_run(14, "r14");
  const jobs::Prepared prepared = prepare(run);
  EXPECT_EQ(read(prepared.path + "/file"), "right\n");
  EXPECT_EQ(status(prepared.path), "");
  expect_whole_mirror();
}

TEST_P(Lacking, WhatAFetchLeftThatDiedIsNotBelieved) {
  first = remote_head();
  ASSERT_EQ(prepare_error(11).message, "");
  const auto before = packs_of_mirror();
  serve_base([](MadePack& pack, const std::string&) { pack.add(Type::blob, "right\n"); });
  // As a tick leaves it that is killed when a pack is in its place: that one lacks the file.
  std::string known;
  for (const std::string& name : before) {
    known += name.ends_with(".idx") ? name.substr(0, name.find('.')) + "\n" : "";
  }
  write(mirror() + "/packs-before-fetch", known);
  MadePack half;
  half.add(Type::tree, MadePack::entry("100644", "file", blob));
  half.add(Type::commit, fmt::format("tree {}\nparent {}\nauthor a <a@a> 1795000000 +0000\n"
                                     "committer a <a@a> 1795000000 +0000\n\nlacking\n",
                                     tree, first));
  half.write(mirror() + "/objects/pack");
  ASSERT_NE(packs_of_mirror(), before);
  jobs::Run run = make_run(12, "r12");
  const jobs::Prepared prepared = prepare(run);
  EXPECT_EQ(prepared.base.str(), remote_head());
  EXPECT_EQ(read(prepared.path + "/file"), "right\n");
  EXPECT_FALSE(fs::exists(mirror() + "/packs-before-fetch"));
  expect_whole_mirror();
}

}  // namespace
}  // namespace worktrees::test
