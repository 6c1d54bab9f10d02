// The fake as a world of the workspace contract; the cases are in workspace_contract_test.cc.
#include "tests/contract/workspace/workspace_world.h"
#include "tests/fakes/fake_workspace.h"

namespace contract {
namespace {

class FakeWorld final : public WorkspaceWorld {
 public:
  FakeWorld() {
    fake_.add_remote("fake://shop");
    fake_.add_remote("fake://empty", "");
  }
  jobs::WorkspaceReader& reader() override { return fake_; }
  jobs::WorkspaceWriter& writer() override { return fake_; }
  jobs::Repo repo() override { return at("fake://shop"); }
  jobs::Repo empty_repo() override { return at("fake://empty"); }
  jobs::Repo gone_repo() override { return at("fake://gone"); }
  jobs::Oid commit_on_remote(const Files& files) override {
    return fake_.commit_on_remote("fake://shop", "main", files);
  }
  void rewrite_remote() override {
    fake_.rewrite_remote("fake://shop", "main", {{"README.md", "anew\n"}});
  }
  jobs::Oid remote_head() override { return fake_.remote_head("fake://shop", "main"); }
  bool remote_contains(const jobs::Oid& commit) override {
    return fake_.remote_contains("fake://shop", "main", commit);
  }
  jobs::Oid commit(const jobs::Run& run, const Files& files, const std::string& message) override {
    return fake_.commit(run.id, files, message);
  }
  void make_dirty(const jobs::Run& run) override { fake_.make_dirty(run.id); }
  void delete_folder(const jobs::Run& run) override { fake_.delete_folder(run.id); }

 private:
  static jobs::Repo at(const std::string& url) {
    jobs::Repo repo;
    repo.name = jobs::RepoName(url.substr(7));
    repo.remote = url;
    return repo;
  }
  fakes::FakeWorkspace fake_;
};

}  // namespace

std::unique_ptr<WorkspaceWorld> make_fake_world() {
  return std::make_unique<FakeWorld>();
}

}  // namespace contract
