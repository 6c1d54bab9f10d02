// What an agent can leave behind in its worktree and in the checkout: it reaches nothing, and
// nothing is lost.
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "tests/integration/worktrees/git_playground.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using jobs::LandResult;
using ::testing::HasSubstr;

class HostileAgent : public Playground {
 protected:
  /// A script that leaves a mark when anything runs it.
  std::string trap(const std::string& name) const {
    const std::string path = top + "/traps/" + name;
    write(path, "#!/bin/sh\ntouch '" + mark() + "'\ncat\n");
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  std::string mark() const { return top + "/MARK"; }

  jobs::WorktreeFacts observe(const jobs::Run& run) const {
    const auto facts = workspace->observe(repo, run);
    EXPECT_TRUE(facts.has_value()) << (facts ? "" : facts.error().text());
    return facts ? *facts : jobs::WorktreeFacts{};
  }
};

TEST_F(HostileAgent, PlantedConfigAndHooksReachNothing) {
  const std::string elsewhere = top + "/elsewhere.git";
  git({"init", "-q", "--bare", elsewhere}, top);
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}, {".gitattributes", "*.txt filter=evil\n"}});
  verify(run);
  const std::string config =
      "[core]\n\tworktree = " + top + "/traps\n\thooksPath = " + top +
      "/traps/hooks\n\tfsmonitor = " + trap("fsmonitor") + "\n\tattributesFile = " + top +
      "/traps/attributes\n[filter \"evil\"]\n\tclean = " + trap("clean") +
      "\n\tsmudge = " + trap("smudge") + "\n\trequired = true\n[url \"" + elsewhere +
      "\"]\n\tinsteadOf = " + remote + "\n\tpushInsteadOf = " + remote +
      "\n[remote \"origin\"]\n\turl = " + elsewhere + "\n[include]\n\tpath = " + top +
      "/traps/more\n" +
      "[extensions]\n\tpartialClone = origin\n[merge]\n\tdefault = evil\n[merge "
      "\"evil\"]\n\tdriver = " +
      trap("merge") + "\n";
  write(checkout() + "/config", config);
  write(checkout() + "/worktrees/w1/config.worktree", config);
  for (const std::string hook :
       {"pre-push", "post-checkout", "reference-transaction", "post-index-change", "pre-receive"}) {
    fs::create_directories(checkout() + "/hooks");
    fs::create_directories(top + "/traps/hooks");
    fs::copy_file(trap(hook), checkout() + "/hooks/" + hook);
    fs::copy_file(trap(hook), top + "/traps/hooks/" + hook);
  }
  commit_seed({{"other.txt", "x\n"}}, "base moves");
  const auto facts = observe(run);
  EXPECT_TRUE(facts.exists) << facts.problem;
  const LandResult merged = land(run);
  ASSERT_EQ(merged.kind, LandResult::Kind::needs_verify) << merged.rule << merged.message;
  run.base = merged.base;
  verify(run);
  ASSERT_EQ(land(run).kind, LandResult::Kind::landed);
  ASSERT_TRUE(workspace->rescue(repo, run).has_value());
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  const auto again = prepare(next);
  EXPECT_EQ(again.path, prepared.path);
  EXPECT_FALSE(fs::exists(mark()));
  EXPECT_EQ(git({"for-each-ref"}, elsewhere), "");
  EXPECT_EQ(read(checkout() + "/config").find("evil"), std::string::npos);
  EXPECT_FALSE(fs::exists(checkout() + "/hooks"));
  EXPECT_EQ(status(again.path), "");
}

TEST_F(HostileAgent, PlantedAlternatesOpenNoOtherRepository) {
  const std::string secret = top + "/secret";
  git({"init", "-q", secret}, top);
  write(secret + "/key.txt", "secret\n");
  git({"add", "-A"}, secret);
  git({"commit", "-q", "-m", "secret"}, secret);
  const std::string blob = git({"rev-parse", "HEAD:key.txt"}, secret);
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  write(checkout() + "/objects/info/alternates",
        secret + "/.git/objects\n" + mirror() + "/objects\n");
  git({"update-index", "--add", "--cacheinfo", "100644," + blob + ",stolen.txt"}, prepared.path);
  git({"commit", "-q", "-m", "steal"}, prepared.path);
  run.head = jobs::Oid(git({"rev-parse", "HEAD"}, prepared.path));
  run.verified_tree = jobs::Oid(git({"rev-parse", "HEAD^{tree}"}, prepared.path));
  const std::string before = remote_head();
  const auto result = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, HasSubstr(blob));
  EXPECT_EQ(remote_head(), before);
}

TEST_F(HostileAgent, DeletedOrFilledOrReplacedFolderIsAProblemWithAName) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  const std::string away = top + "/away";
  const auto expect_problem = [&](const std::string& words) {
    const auto facts = observe(run);
    EXPECT_FALSE(facts.exists);
    EXPECT_THAT(facts.problem, HasSubstr(words));
    EXPECT_EQ(facts.head.str(), head);
    EXPECT_EQ(facts.commits, 1);
  };
  fs::rename(prepared.path, away);
  expect_problem("is gone");
  write(prepared.path + "/somebody.txt", "a person was here\n");
  expect_problem(".git file is gone");
  EXPECT_EQ(workspace->prepare(repo, run).error().kind, ErrorKind::conflict);
  fs::remove_all(prepared.path);
  fs::create_directory_symlink(away, prepared.path);
  expect_problem("symbolic link");
  EXPECT_EQ(workspace->prepare(repo, run).error().kind, ErrorKind::conflict);
  fs::remove(prepared.path);
  write(prepared.path, "a file\n");
  expect_problem("not a directory");
  fs::remove(prepared.path);
  git({"init", "-q", prepared.path}, top);
  expect_problem("was replaced");
  fs::remove_all(prepared.path);
  write(prepared.path + "/.git", "gitdir: " + seed + "/.git\n");
  expect_problem("points to another repository");
}

TEST_F(HostileAgent, OtherBranchAndDetachedHeadAreProblemsAndTheirCommitsAreKept) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  git({"checkout", "-q", "-b", "feature"}, prepared.path);
  commit_in(prepared.path, {{"feature.txt", "x\n"}});
  EXPECT_THAT(observe(run).problem, HasSubstr("on branch 'feature'"));
  git({"checkout", "-q", "--detach", run.branch}, prepared.path);
  EXPECT_EQ(observe(run).problem, "");
  const std::string loose = commit_in(prepared.path, {{"loose.txt", "x\n"}});
  EXPECT_THAT(observe(run).problem, HasSubstr("detached"));
  const auto kept_commit = workspace->rescue(repo, run);
  ASSERT_TRUE(kept_commit.has_value()) << kept_commit.error().text();
  EXPECT_EQ(kept(*kept_commit, "loose.txt"), "x");
  git({"merge-base", "--is-ancestor", loose, kept_commit->str()}, mirror());
}

TEST_F(HostileAgent, GarbageInGitFilesIsAProblemNeverACrash) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  const std::string branch = checkout() + "/refs/heads/" + run.branch;
  const std::string good = read(branch);
  write(branch, "ref: refs/heads/main\n");
  EXPECT_THAT(observe(run).problem, HasSubstr("does not name a commit"));
  write(branch, std::string(40, 'a') + "\n");
  EXPECT_THAT(observe(run).problem, HasSubstr("cannot be read"));
  fs::remove(branch);
  EXPECT_THAT(observe(run).problem, HasSubstr("is gone"));
  ASSERT_EQ(::mkfifo(branch.c_str(), 0600), 0);
  EXPECT_THAT(observe(run).problem, HasSubstr("not a regular file"));
  fs::remove(branch);
  write(branch, good);
  const std::string index = checkout() + "/worktrees/w1/index";
  write(index, "DIRC garbage");
  EXPECT_EQ(observe(run).problem, "");
  fs::remove(index);
  ASSERT_EQ(::mkfifo(index.c_str(), 0600), 0);
  EXPECT_EQ(observe(run).problem, "");
  write(checkout() + "/worktrees/w1/HEAD", "garbage\n");
  EXPECT_THAT(observe(run).problem, HasSubstr("HEAD of the worktree"));
}

TEST_F(HostileAgent, APipeAmongTheObjectsDoesNotHangUs) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string head = commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  const std::string object = checkout() + "/objects/" + head.substr(0, 2) + "/" + head.substr(2);
  fs::remove(object);
  ASSERT_EQ(::mkfifo(object.c_str(), 0600), 0);
  const auto result = workspace->land(repo, {.run = run, .at = kNow});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, ErrorKind::conflict);
  EXPECT_FALSE(observe(run).problem.empty());
}

TEST_F(HostileAgent, Invariant11_LinksInTheCheckoutAreNotFollowed) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  const std::string outside = top + "/outside";
  fs::create_directories(outside);
  fs::rename(checkout() + "/refs/heads/runner", top + "/refs-away");
  fs::create_directory_symlink(outside, checkout() + "/refs/heads/runner");
  EXPECT_FALSE(observe(run).problem.empty());
  EXPECT_FALSE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  EXPECT_FALSE(workspace->prepare(repo, next).has_value());
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(HostileAgent, Invariant11_ATrackedDirectoryTurnedIntoALinkIsNotWrittenThrough) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string outside = top + "/outside";
  write(outside + "/a.txt", "precious\n");
  write(outside + "/new.txt", "precious\n");
  fs::remove_all(prepared.path + "/src");
  fs::create_directory_symlink(outside, prepared.path + "/src");
  fs::remove(prepared.path + "/README.md");
  fs::create_symlink(outside + "/new.txt", prepared.path + "/README.md");
  write(outside + "/hard.txt", "precious\n");
  fs::remove(prepared.path + "/.gitignore");
  fs::create_hard_link(outside + "/hard.txt", prepared.path + "/.gitignore");
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  const auto again = prepare(next);
  EXPECT_EQ(status(again.path), "");
  EXPECT_EQ(read(outside + "/hard.txt"), "precious\n");
  EXPECT_EQ(read(outside + "/a.txt"), "precious\n");
  EXPECT_EQ(read(outside + "/new.txt"), "precious\n");
  EXPECT_EQ(read(again.path + "/README.md"), "hello\n");
  EXPECT_FALSE(fs::is_symlink(again.path + "/src"));
}

TEST_F(HostileAgent, FilesTurnedIntoDirectoriesAndBackAreRestored) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  fs::remove(prepared.path + "/README.md");
  write(prepared.path + "/README.md/deep/file", "x\n");
  fs::remove_all(prepared.path + "/src");
  write(prepared.path + "/src", "now a file\n");
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  const auto again = prepare(next);
  EXPECT_EQ(status(again.path), "");
  EXPECT_EQ(read(again.path + "/README.md"), "hello\n");
  EXPECT_EQ(read(again.path + "/src/a.txt"), "one\ntwo\nthree\n");
}

TEST_F(HostileAgent, AssumeUnchangedAndForgedIgnoreRulesDoNotSurviveRecycling) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  git({"update-index", "--assume-unchanged", "src/a.txt"}, prepared.path);
  write(prepared.path + "/src/a.txt", "poison\n");
  write(prepared.path + "/.gitignore", "*\n");
  write(prepared.path + "/evil.sh", "poison\n");
  write(checkout() + "/info/exclude", "*\n");
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(13, "r02");
  const auto again = prepare(next);
  EXPECT_EQ(read(again.path + "/src/a.txt"), "one\ntwo\nthree\n");
  EXPECT_EQ(read(again.path + "/.gitignore"), "build/\n");
  EXPECT_FALSE(fs::exists(again.path + "/evil.sh"));
}

TEST_F(HostileAgent, StaleLocksOfAKilledGitDoNotStopTheNextRun) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  verify(run);
  write(checkout() + "/worktrees/w1/index.lock", "");
  write(checkout() + "/refs/heads/" + run.branch + ".lock", "");
  write(checkout() + "/packed-refs.lock", "");
  EXPECT_EQ(observe(run).problem, "");
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  jobs::Run next = make_run(12, "r02");
  const auto again = prepare(next);
  commit_in(again.path, {{"more.txt", "x\n"}});
  git({"pack-refs", "--all"}, again.path);
  EXPECT_EQ(observe(next).commits, 1);
}

TEST_F(HostileAgent, PackedRefsAndPackedObjectsLandToo) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  commit_in(prepared.path, {{"cart.txt", "cart\n"}});
  git({"pack-refs", "--all"}, prepared.path);
  git({"repack", "-q", "-a", "-d", "-l"}, prepared.path);
  verify(run);
  EXPECT_EQ(land(run).kind, LandResult::Kind::landed);
  ASSERT_TRUE(workspace->release(repo, run).has_value());
  EXPECT_TRUE(observe(run).head.empty());
}

TEST_F(HostileAgent, HostileTreeIsNotLanded) {
  jobs::Run run = make_run();
  const auto prepared = prepare(run);
  const std::string blob = git({"rev-parse", "HEAD:README.md"}, prepared.path);
  const std::string before = remote_head();
  const std::string raw = top + "/raw-tree";
  const auto try_entry = [&](const std::string& mode, const std::string& name) {
    std::string id;
    for (std::size_t i = 0; i < blob.size(); i += 2) {
      id += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
    }
    write(raw, mode + " " + name + std::string(1, '\0') + id);
    const std::string tree =
        git({"hash-object", "-t", "tree", "-w", "--literally", raw}, prepared.path);
    const std::string commit =
        git({"commit-tree", "-p", before, "-m", "evil", tree}, prepared.path);
    write(checkout() + "/refs/heads/" + run.branch, commit + "\n");
    run.head = jobs::Oid(commit);
    run.verified_tree = jobs::Oid(tree);
    const LandResult result = land(run);
    EXPECT_EQ(result.kind, LandResult::Kind::rejected) << mode << " " << name;
    EXPECT_EQ(result.rule, "hostile-tree") << mode << " " << name << result.message;
    EXPECT_EQ(remote_head(), before);
  };
  try_entry("100644", ".git");
  try_entry("100644", ".GiT");
  try_entry("100644", "git~1");
  try_entry("100644", ".g\u200cit");
  try_entry("100644", "..");
  try_entry("104755", "setuid");
  try_entry("100644", "a/b");
  // It is kept all the same, and the folder is released.
  const auto kept_commit = workspace->rescue(repo, run);
  ASSERT_TRUE(kept_commit.has_value()) << kept_commit.error().text();
  EXPECT_FALSE(kept_commit->empty());
}

}  // namespace
}  // namespace worktrees::test
