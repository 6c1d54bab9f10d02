#include "tests/stub/bare_repo.h"

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>

#include "tests/stub/git_backend.h"

namespace stub {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRepo = "/acme/shop.git";

}  // namespace

std::string git_in(const std::string& folder, const std::vector<std::string>& words,
                   const std::string& who, const std::string& input) {
  std::vector<std::string> argv = {"git", "-C", folder};
  argv.insert(argv.end(), words.begin(), words.end());
  std::string out = output_of(
      argv,
      {"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
       "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=" + who, "GIT_COMMITTER_NAME=" + who,
       "GIT_AUTHOR_EMAIL=" + who + "@example.com", "GIT_COMMITTER_EMAIL=" + who + "@example.com",
       "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
      input);
  while (out.ends_with('\n')) {
    out.pop_back();
  }
  return out;
}

BareRepo::BareRepo() {
  std::string name = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                     "runner-pulls-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no folder for a test");
  }
  root_ = name;
  fs::create_directories(root_ + kRepo);
  (void)git({"init", "-q", "--bare", "-b", "main"});
  commit("main", "README.md", "hello\n");
}

BareRepo::~BareRepo() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string BareRepo::git(const std::vector<std::string>& words, const std::string& input) const {
  return git_in(root_ + kRepo, words, "alice", input);
}

std::string BareRepo::head(const std::string& branch) const {
  return git({"for-each-ref", "--format=%(objectname)", "refs/heads/" + branch});
}

std::string BareRepo::commit(const std::string& branch, const std::string& file,
                             const std::string& content) const {
  std::string parent = head(branch);
  if (parent.empty()) {
    parent = head("main");
  }
  (void)git({"read-tree", parent.empty() ? "--empty" : parent});
  const std::string blob = git({"hash-object", "-w", "--stdin"}, content);
  (void)git({"update-index", "--add", "--cacheinfo", "100644," + blob + "," + file});
  std::vector<std::string> words = {"commit-tree", git({"write-tree"}), "-m", "Set " + file};
  if (!parent.empty()) {
    words.insert(words.end(), {"-p", parent});
  }
  const std::string made = git(words);
  (void)git({"update-ref", "refs/heads/" + branch, made});
  return made;
}

}  // namespace stub
