// Real git as a world of the workspace contract; the cases are in workspace_contract_test.cc.
#include "tests/contract/workspace/workspace_world.h"
#include "tests/integration/worktrees/git_playground.h"

namespace contract {
namespace {

class GitWorld final : public WorkspaceWorld, private worktrees::test::Playground {
 public:
  GitWorld() {
    SetUp();
    git({"init", "-q", "--bare", top + "/empty.git"}, top);
  }
  GitWorld(const GitWorld&) = delete;
  GitWorld& operator=(const GitWorld&) = delete;
  ~GitWorld() override { TearDown(); }
  jobs::WorkspaceReader& reader() override { return *workspace; }
  jobs::WorkspaceWriter& writer() override { return *workspace; }
  jobs::Repo repo() override { return Playground::repo; }
  jobs::Repo empty_repo() override { return at("empty"); }
  jobs::Repo gone_repo() override { return at("gone"); }
  jobs::Oid commit_on_remote(const Files& files) override {
    pull_seed();
    return jobs::Oid(commit_seed(files, "somebody else's work"));
  }
  void rewrite_remote() override {
    git({"checkout", "-q", "--orphan", "anew"}, seed);
    write(seed + "/README.md", "anew\n");
    git({"add", "-A"}, seed);
    git({"commit", "-q", "-m", "anew"}, seed);
    git({"push", "-q", "--force", "origin", "HEAD:refs/heads/main"}, seed);
  }
  jobs::Oid remote_head() override { return jobs::Oid(Playground::remote_head()); }
  bool remote_contains(const jobs::Oid& commit) override {
    const auto output = worktrees::test::run_program(
        {"git", "merge-base", "--is-ancestor", commit.str(), "main"}, remote, top);
    return output.exit_code == 0;
  }
  jobs::Oid commit(const jobs::Run& run, const Files& files, const std::string& message) override {
    return jobs::Oid(commit_in(run.worktree, files, message));
  }
  void make_dirty(const jobs::Run& run) override { write(run.worktree + "/loose.txt", "loose\n"); }
  void delete_folder(const jobs::Run& run) override {
    worktrees::test::fs::remove_all(run.worktree);
  }

 private:
  void TestBody() override {}
  jobs::Repo at(const std::string& name) const {
    jobs::Repo other;
    other.name = jobs::RepoName(name);
    other.remote = top + "/" + name + ".git";
    return other;
  }
};

}  // namespace

std::unique_ptr<WorkspaceWorld> make_git_world() {
  return std::make_unique<GitWorld>();
}

}  // namespace contract
