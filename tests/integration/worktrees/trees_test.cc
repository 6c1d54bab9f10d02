// Files of every sort, rescue, orphans, crashes of our own.
#include <sys/stat.h>

#include <thread>

#include <git2.h>
#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"
#include "worktrees/safe_fs.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;

class Trees : public Playground {};

TEST_F(Trees, OddNamesModesLinksAndLineEndingsComeOutAsGitWritesThem) {
  write(seed + "/new\nline.txt", "x\n");
  write(seed + "/\xff\xfe.bin", std::string("\0\1\2", 3));
  write(seed + "/-rf", "x\n");
  write(seed + "/tab\tname", "x\n");
  write(seed + "/run.sh", "#!/bin/sh\n");
  fs::permissions(seed + "/run.sh", fs::perms::owner_all);
  fs::create_symlink("../outside", seed + "/link");
  fs::create_symlink("src", seed + "/dirlink");
  commit_seed({{".gitattributes", "*.dos text eol=crlf\n*.unix text eol=lf\n*.id ident\n"},
               {"a.dos", "one\ntwo\n"},
               {"b.unix", "one\n"},
               {"c.id", "$Id$\n"},
               {"empty", ""}},
              "odd");
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  EXPECT_EQ(status(prepared.path), "");
  EXPECT_EQ(read(prepared.path + "/a.dos"), "one\r\ntwo\r\n");
  EXPECT_EQ(fs::read_symlink(prepared.path + "/link"), "../outside");
  EXPECT_NE(fs::status(prepared.path + "/run.sh").permissions() & fs::perms::owner_exec,
            fs::perms::none);
  EXPECT_TRUE(fs::exists(prepared.path + "/new\nline.txt"));
  commit_in(prepared.path, {{"more\nlines.txt", "x\n"}});
  verify(run);
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
}

TEST_F(Trees, WhatAPersonConfiguredForHimselfChangesNothing) {
  commit_seed({{".gitattributes", "* text=auto\n*.f filter=shout\n"},
               {"plain.txt", "one\n"},
               {"loud.f", "one\n"}},
              "text");
  git({"config", "--global", "core.autocrlf", "true"}, seed);
  git({"config", "--global", "core.eol", "crlf"}, seed);
  git({"config", "--global", "filter.shout.smudge", "tr a-z A-Z"}, seed);
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  EXPECT_EQ(read(prepared.path + "/plain.txt"), "one\n");
  EXPECT_EQ(read(prepared.path + "/loud.f"), "one\n");
  // This process began with another HOME: nowhere is looked but in a folder of our own.
  for (const auto& [level, where] :
       {std::pair(GIT_CONFIG_LEVEL_PROGRAMDATA, ""), std::pair(GIT_CONFIG_LEVEL_XDG, ""),
        std::pair(GIT_CONFIG_LEVEL_GLOBAL, ""), std::pair(GIT_CONFIG_LEVEL_SYSTEM, "/state/git")}) {
    git_buf path = GIT_BUF_INIT;
    ASSERT_EQ(git_libgit2_opts(GIT_OPT_GET_SEARCH_PATH, level, &path), 0);
    const std::string_view found = path.ptr;
    EXPECT_TRUE(found.ends_with(where) && found.empty() == std::string_view(where).empty())
        << found;
    git_buf_dispose(&path);
  }
}

TEST_F(Trees, TagsAreNotFetched) {
  git({"tag", "-a", "-m", "A release", "v1"}, seed);
  git({"tag", "v1-light"}, seed);
  git({"push", "-q", "origin", "--tags"}, seed);
  jobs::Run run = make_run();
  prepare(run);
  EXPECT_EQ(git({"for-each-ref", "refs/tags"}, mirror()), "");
  EXPECT_EQ(git({"tag", "--list"}, run.worktree), "");
}

TEST_F(Trees, TenThousandFiles) {
  for (int i = 0; i < 10'000; ++i) {
    write(seed + "/many/" + std::to_string(i % 100) + "/" + std::to_string(i),
          std::to_string(i) + "\n");
  }
  commit_seed({}, "many");
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  EXPECT_EQ(status(prepared.path), "");
  commit_in(prepared.path, {{"many/0/0", "changed\n"}});
  verify(run);
  EXPECT_EQ(land(run).kind, jobs::LandResult::Kind::landed);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  EXPECT_TRUE(prepare(next).recycled);
  EXPECT_EQ(status(prepared.path), "");
}

TEST_F(Trees, RecyclingTouchesOnlyFilesThatDiffer) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  write(prepared.path + "/src/a.txt", "changed\n");
  const auto old_time = fs::file_time_type::clock::now() - std::chrono::hours(10);
  fs::last_write_time(prepared.path + "/README.md", old_time);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  prepare(next);
  EXPECT_EQ(fs::last_write_time(prepared.path + "/README.md"), old_time);
  EXPECT_EQ(read(prepared.path + "/src/a.txt"), "one\ntwo\nthree\n");
}

TEST_F(Trees, HostileTreeOfTheRemoteIsNotWritten) {
  const std::string blob = git({"rev-parse", "main:README.md"}, remote);
  std::string id;
  for (std::size_t i = 0; i < blob.size(); i += 2) {
    id += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
  }
  write(top + "/raw",
        "100644 .GIT" + std::string(1, '\0') + id + "104755 su" + std::string(1, '\0') + id);
  const std::string tree =
      git({"hash-object", "-t", "tree", "-w", "--literally", top + "/raw"}, remote);
  git({"update-ref", "refs/heads/main", git({"commit-tree", "-m", "evil", tree}, remote)}, remote);
  jobs::Run run = make_run();
  const auto prepared = workspace->prepare(repo, run);
  ASSERT_FALSE(prepared.has_value());
  EXPECT_EQ(prepared.error().kind, ErrorKind::denied) << prepared.error().text();
  EXPECT_THAT(prepared.error().message, HasSubstr(".GIT"));
}

TEST_F(Trees, Invariant14_EverythingUncommittedIsInTheRescueRef) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  write(prepared.path + "/staged.txt", "staged\n");
  git({"add", "staged.txt"}, prepared.path);
  write(prepared.path + "/src/a.txt", "edited\n");
  git({"update-index", "--assume-unchanged", "src/a.txt"}, prepared.path);
  fs::remove(prepared.path + "/README.md");
  write(prepared.path + "/deep/er/untracked.txt", "untracked\n");
  write(prepared.path + "/build/ignored.o", "ignored\n");
  git({"init", "-q", prepared.path + "/nested"}, top);
  write(prepared.path + "/nested/inner.txt", "inner\n");
  ASSERT_EQ(::mkfifo((prepared.path + "/pipe").c_str(), 0600), 0);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  const jobs::Oid commit(git({"rev-parse", "refs/runner/rescue/r01"}, mirror()));
  EXPECT_EQ(kept(commit, "staged.txt"), "staged");
  EXPECT_EQ(kept(commit, "src/a.txt"), "edited");
  EXPECT_EQ(kept(commit, "deep/er/untracked.txt"), "untracked");
  EXPECT_EQ(kept(commit, "nested/inner.txt"), "inner");
  const std::string names = git({"ls-tree", "-r", "--name-only", commit.str()}, mirror());
  EXPECT_EQ(names.find("README.md"), std::string::npos);
  EXPECT_EQ(names.find("ignored.o"), std::string::npos);
  EXPECT_EQ(names.find(".git/"), std::string::npos);
  git({"fsck", "--strict"}, mirror());
}

TEST_F(Trees, Invariant14_DirtOverwrittenByAMergeIsKept) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  write(prepared.path + "/other.txt", "untracked of the agent\n");
  commit_seed({{"other.txt", "theirs\n"}}, "base moves");
  ASSERT_EQ(land(run).kind, jobs::LandResult::Kind::needs_verify);
  EXPECT_EQ(read(prepared.path + "/other.txt"), "theirs\n");
  EXPECT_EQ(kept(jobs::Oid("refs/runner/rescue/r01"), "other.txt"), "untracked of the agent");
}

TEST_F(Trees, Invariant14_RescueThatCannotBeMadeStopsTheRelease) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  fs::remove(checkout() + "/objects/" + head.substr(0, 2) + "/" + head.substr(2));
  EXPECT_FALSE(workspace->release(repo, run).has_value());
  EXPECT_EQ(read(prepared.path + "/cart.txt"), "cart\n");
}

TEST_F(Trees, Invariant14_AFolderNobodyKnowsIsKeptBeforeItGoes) {
  jobs::Run run = make_run();
  prepare(run);
  const std::string stranger = options.root + "/worktrees/" +
                               fs::path(run.worktree).parent_path().filename().string() +
                               "/stranger";
  write(stranger + "/notes.txt", "notes\n");
  const auto entries = workspace->list().value();
  const auto found =
      std::ranges::find_if(entries, [&](const auto& entry) { return entry.path == stranger; });
  ASSERT_NE(found, entries.end());
  EXPECT_EQ(found->run, "");
  ASSERT_TRUE(workspace->remove_orphan(*found).has_value());
  EXPECT_FALSE(fs::exists(stranger));
  const std::string ref =
      git({"for-each-ref", "--format=%(refname)", "refs/runner/rescue"}, mirror());
  EXPECT_THAT(ref, HasSubstr("folder-stranger"));
  EXPECT_EQ(kept(jobs::Oid(ref), "notes.txt"), "notes");
}

TEST_F(Trees, Invariant11_NamesCannotLeaveTheRoot) {
  jobs::Run run = make_run(12, "../../../r01");
  repo.name = jobs::RepoName("../../escape");
  run.issue.repo = repo.name;
  const auto prepared = prepare(run);
  EXPECT_TRUE(prepared.path.starts_with(options.root + "/worktrees/"));
  commit_in(prepared.path, {{"cart.txt", "x\n"}});
  ASSERT_TRUE(workspace->rescue(repo, run).has_value());
  EXPECT_THAT(git({"for-each-ref", "--format=%(refname)", "refs/runner"}, mirror()),
              HasSubstr("refs/runner/rescue/"));
  for (const std::string& path : {top + "/home", prepared.path + "/../../../..",
                                  options.root + "/worktrees", prepared.path + "/src"}) {
    const auto removed = workspace->remove_orphan({.repo = repo.name, .path = path});
    ASSERT_FALSE(removed.has_value()) << path;
    EXPECT_EQ(removed.error().kind, ErrorKind::usage);
  }
  for (const auto& entry : fs::directory_iterator(top)) {
    EXPECT_THAT(entry.path().filename().string(),
                ::testing::AnyOf("home", "remote.git", "seed", "state"));
  }
  EXPECT_EQ(workspace->commit_tree(repo, jobs::Oid("../../x")).error().kind, ErrorKind::usage);
  EXPECT_EQ(workspace->drop_commit_tree(repo, jobs::Oid("../../x")).error().kind, ErrorKind::usage);
}

TEST_F(Trees, APrepareThatDiedHalfwayIsFinished) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string record = prepared.path + ".record";
  std::string text = read(record);
  text.replace(text.find("ready 1"), 7, "ready 0");
  write(record, text);
  fs::remove(prepared.path + "/README.md");
  fs::remove(prepared.path + "/.git");
  fs::create_directories(options.root + "/ci");
  const auto again = prepare(run);
  EXPECT_EQ(again.path, prepared.path);
  EXPECT_EQ(status(again.path), "");
  write(record, "damaged");
  EXPECT_FALSE(workspace->observe(repo, run).value().exists);
  const auto other = prepare(run);
  EXPECT_NE(other.path, prepared.path);
}

TEST_F(Trees, AHalfMadeCommitTreeIsMadeAgain) {
  const std::string head = remote_head();
  const auto path = workspace->commit_tree(repo, jobs::Oid(head)).value();
  fs::rename(path, fs::path(path).parent_path() / (".new-" + head));
  fs::remove(fs::path(path).parent_path() / (".new-" + head) / "README.md");
  EXPECT_EQ(workspace->commit_tree(repo, jobs::Oid(head)).value(), path);
  EXPECT_EQ(status(path), "");
}

TEST_F(Trees, DamagedMirrorSaysSo) {
  jobs::Run run = make_run();
  prepare(run);
  fs::remove(mirror() + "/HEAD");
  jobs::Run next = make_run(13, "r02");
  const auto result = workspace->prepare(repo, next);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(result.error().text(), HasSubstr("made anew from the remote"));
}

TEST_F(Trees, AStateFolderThatCannotBeWrittenSaysSo) {
  write(options.root, "a file");
  const auto prepared = workspace->prepare(repo, make_run());
  ASSERT_FALSE(prepared.has_value());
  EXPECT_THAT(prepared.error().text(), HasSubstr(options.root));
  EXPECT_TRUE(workspace->list().value().empty());
}

TEST_F(Trees, SeveralRepositoriesAndCallersAtOnce) {
  std::vector<jobs::Repo> repos(4, repo);
  std::vector<std::thread> threads;
  std::array<bool, 8> good{};
  for (std::size_t i = 0; i < good.size(); ++i) {
    threads.emplace_back([&, i] {
      jobs::Repo mine = repos[i / 2];
      mine.name = jobs::RepoName("acme/shop" + std::to_string(i / 2));
      jobs::Run run = make_run(static_cast<int>(i) + 1, "r" + std::to_string(i));
      const auto prepared = workspace->prepare(mine, run);
      const auto facts = workspace->observe(mine, run);
      good[i] = prepared.has_value() && facts.has_value() && facts->exists &&
                workspace->release(mine, run).has_value();
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(good, ::testing::Each(true));
}

}  // namespace
}  // namespace worktrees::test
