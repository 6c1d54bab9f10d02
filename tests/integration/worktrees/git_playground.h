#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jobs/ports/workspace.h"
#include "worktrees/git_workspace.h"

/// Real repositories made by the real git program, away from every configuration of the host.
namespace worktrees::test {

namespace fs = std::filesystem;

struct GitOutput {
  int exit_code = 0;
  std::string text;
};

inline GitOutput run_program(const std::vector<std::string>& argv, const std::string& cwd,
                             const std::string& home) {
  std::array<int, 2> pipe_ends{};
  if (::pipe(pipe_ends.data()) != 0) {
    return {127, "no pipe"};
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[1], 1);
    ::dup2(pipe_ends[1], 2);
    ::close(pipe_ends[0]);
    ::setenv("HOME", home.c_str(), 1);
    ::unsetenv("GIT_CONFIG_GLOBAL");  // the configuration is that of our own HOME
    ::setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    ::setenv("GIT_AUTHOR_DATE", "2026-11-01T10:00:00Z", 1);
    ::setenv("GIT_COMMITTER_DATE", "2026-11-01T10:00:00Z", 1);
    ::setenv("LC_ALL", "C", 1);
    std::vector<char*> words;
    for (const std::string& word : argv) {
      words.push_back(const_cast<char*>(word.c_str()));  // NOLINT: execvp does not write
    }
    words.push_back(nullptr);
    if (::chdir(cwd.c_str()) == 0) {
      ::execvp(words[0], words.data());
    }
    ::_exit(127);
  }
  ::close(pipe_ends[1]);
  GitOutput output;
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while ((got = ::read(pipe_ends[0], buffer.data(), buffer.size())) > 0) {
    output.text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return output;
}

/// Records what it was asked to run and really runs it.
class RecordingRunner final : public jobs::CommandRunner {
 public:
  jobs::Result<Outcome> run(const Command& command) override {
    ran.push_back(command.argv);
    const GitOutput output = run_program(command.argv, command.cwd, command.cwd);
    return Outcome{output.exit_code, output.text, std::chrono::milliseconds(1500)};
  }
  std::vector<std::vector<std::string>> ran;
};

class Playground : public ::testing::Test {
 protected:
  void SetUp() override {
    // In memory where possible: the syncs of a power-cut-safe program would otherwise dominate.
    std::error_code unknown;
    const auto space = fs::space("/dev/shm", unknown);
    const bool memory = !unknown && space.available > (std::uintmax_t{512} << 20) &&
                        ::access("/dev/shm", W_OK) == 0;
    std::string name =
        (memory ? fs::path("/dev/shm") : fs::temp_directory_path()) / "worktrees-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top = name;
    fs::create_directories(top + "/home");
    write(top + "/home/.gitconfig",
          "[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n"
          "[core]\n\tfsync = none\n");
    remote = top + "/remote.git";
    seed = top + "/seed";
    git({"init", "-q", "--bare", remote}, top);
    git({"init", "-q", seed}, top);
    git({"remote", "add", "origin", remote}, seed);
    commit_seed(
        {{"README.md", "hello\n"}, {"src/a.txt", "one\ntwo\nthree\n"}, {".gitignore", "build/\n"}},
        "first");
    repo.name = jobs::RepoName("acme/shop");
    repo.remote = remote;
    repo.base = "main";
    options.root = top + "/state";
    options.limits.disk_free_bytes = 1;
    options.lock_patience = std::chrono::seconds(20);
    make_workspace();
  }

  void TearDown() override {
    std::error_code ignored;
    run_program({"chmod", "-R", "u+rwX", top}, "/", top);
    fs::remove_all(top, ignored);
  }

  void make_workspace() { workspace = std::make_unique<GitWorkspace>(options, commands); }

  std::string git(const std::vector<std::string>& words, const std::string& cwd,
                  int expected = 0) const {
    std::vector<std::string> argv{"git"};
    argv.insert(argv.end(), words.begin(), words.end());
    GitOutput output = run_program(argv, ours(cwd), top + "/home");
    if (output.exit_code != expected) {
      throw std::runtime_error(fmt::format("git {} ended with {}, not {}:\n{}",
                                           ::testing::PrintToString(words), output.exit_code,
                                           expected, output.text));
    }
    while (output.text.ends_with('\n')) {
      output.text.pop_back();
    }
    return output.text;
  }

  /// The path, if it lies in the playground. A test goes on writing and deleting below paths that
  /// it was given; when one of them came out empty, "/src" of the machine would be next.
  static const std::string& ours(const std::string& path) {
    for (const fs::path& root : {fs::path("/dev/shm"), fs::temp_directory_path()}) {
      const std::string prefix = (root / "worktrees-").string();
      if (path.starts_with(prefix) && path.find("/../") == std::string::npos) {
        return path;
      }
    }
    throw std::runtime_error("the test was about to touch '" + path + "', outside its playground");
  }

  static void write(const std::string& path, const std::string& content) {
    ours(path);
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  /// Commits files in a clone of the remote and pushes; the new head of main.
  std::string commit_seed(const std::map<std::string, std::string>& files,
                          const std::string& message, const std::string& branch = "main") const {
    for (const auto& [path, content] : files) {
      write(seed + "/" + path, content);
    }
    git({"add", "-A"}, seed);
    git({"commit", "-q", "--allow-empty", "-m", message}, seed);
    git({"push", "-q", "origin", "HEAD:refs/heads/" + branch}, seed);
    return git({"rev-parse", "HEAD"}, seed);
  }
  /// A run whose work waits to be landed.
  jobs::Run worked(int issue = 12) {
    jobs::Run run = make_run(issue, fmt::format("r{}", issue));
    prepare(run);
    commit_in(run.worktree, {{fmt::format("cart-{}.txt", issue), "a cart\n"}});
    verify(run);
    return run;
  }
  void push_submodule(const std::string& path) const {
    git({"update-index", "--add", "--cacheinfo",
         "160000," + git({"rev-parse", "HEAD"}, seed) + "," + path},
        seed);
    git({"commit", "-q", "-m", "submodule"}, seed);
    git({"push", "-q", "origin", "HEAD:refs/heads/main"}, seed);
  }
  void pull_seed() const { git({"pull", "-q", "--ff-only", "origin", "main"}, seed); }

  /// Commits in a worktree the way an agent does.
  std::string commit_in(const std::string& folder, const std::map<std::string, std::string>& files,
                        const std::string& message = "work") const {
    for (const auto& [path, content] : files) {
      write(folder + "/" + path, content);
    }
    git({"add", "-A"}, folder);
    git({"commit", "-q", "-m", message}, folder);
    return git({"rev-parse", "HEAD"}, folder);
  }

  static jobs::Run make_run(int issue = 12, const std::string& id = "r01") {
    jobs::Run run;
    run.id = jobs::RunId(id);
    run.issue = {jobs::RepoName("acme/shop"), issue};
    run.title = "Add a cart";
    run.branch = "runner/" + std::to_string(issue) + "-add-a-cart";
    return run;
  }

  jobs::Prepared prepare(jobs::Run& run) {
    auto prepared = workspace->prepare(repo, run);
    if (!prepared) {
      throw std::runtime_error("prepare failed: " + prepared.error().text());
    }
    ours(prepared->path);
    run.base = prepared->base;
    run.worktree = prepared->path;
    return *prepared;
  }

  /// What the program does when verify passed on what is in the worktree now.
  void verify(jobs::Run& run) {
    auto facts = workspace->observe(repo, run);
    ASSERT_TRUE(facts.has_value()) << facts.error().text();
    run.head = facts->head;
    run.verified_tree = facts->head_tree;
    run.verified_base = run.base;
  }

  jobs::LandResult land(const jobs::Run& run) {
    auto result = workspace->land(repo, {.run = run, .at = kNow});
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().text());
    return result ? *result : jobs::LandResult{};
  }

  std::string remote_head(const std::string& branch = "main") const {
    return git({"rev-parse", "refs/heads/" + branch}, remote);
  }
  std::string status(const std::string& folder) const {
    return git({"status", "--porcelain", "--untracked-files=all"}, folder);
  }
  std::string mirror() const {
    return (*fs::directory_iterator(options.root + "/mirrors")).path().string();
  }
  std::string checkout() const {
    return (*fs::directory_iterator(options.root + "/checkouts")).path().string();
  }
  /// Content of a file of a commit in the mirror.
  std::string kept(const jobs::Oid& commit, const std::string& path) const {
    return git({"show", commit.str() + ":" + path}, mirror());
  }

  static constexpr jobs::TimePoint kNow{std::chrono::seconds(1'795'000'000)};
  std::string top;
  std::string remote;
  std::string seed;
  jobs::Repo repo;
  Options options;
  RecordingRunner commands;
  std::unique_ptr<GitWorkspace> workspace;
};

}  // namespace worktrees::test
