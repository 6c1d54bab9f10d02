#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Work as an honest agent does it. Moments for `crash-at`: before-commit, after-add, after-commit.
namespace fake_agent {

namespace {

/// `out` gets what it prints, where that is wanted.
bool run_git(std::vector<std::string> arguments, std::string* out) {
  arguments.insert(arguments.begin(),
                   {"git", "-c", "user.name=Fake Agent", "-c", "user.email=fake@example.invalid",
                    "-c", "commit.gpgsign=false"});
  std::vector<char*> argv;
  for (auto& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  int ends[2] = {-1, -1};
  if (out != nullptr && ::pipe2(ends, O_CLOEXEC) != 0) {
    return false;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (out != nullptr) {
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  }
  pid_t pid = 0;
  const bool started = ::posix_spawnp(&pid, "git", &actions, nullptr, argv.data(), ::environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (out != nullptr) {
    ::close(ends[1]);
    char buffer[4096];
    for (ssize_t got = 0; started && (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      out->append(buffer, static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
  }
  int status = 0;
  return started && ::waitpid(pid, &status, 0) == pid && status == 0;
}

std::string absolute(const std::string& path) {
  char* full = ::realpath(path.c_str(), nullptr);
  const std::string result = full == nullptr ? path : full;
  std::free(full);
  return result;
}

void commit(const std::string& message) {
  moment("before-commit");
  must_git({"add", "--all"});
  moment("after-add");
  must_git({"commit", "--quiet", "--allow-empty", "-m", message});
  moment("after-commit");
}

void commits(const std::string& count) {
  for (int number = 1; number <= std::stoi(count); ++number) {
    const std::string name = fmt::format("fake-{}-{}.txt", ::getpid(), number);
    append(name, fmt::format("written by the fake agent, turn {}\n", variable("RUNNER_TURN")));
    commit(fmt::format("Add {}", name));
  }
}

}  // namespace

bool git(std::vector<std::string> arguments) {
  return run_git(std::move(arguments), nullptr);
}

void must_git(std::vector<std::string> arguments) {
  if (!git(std::move(arguments))) {
    die("git failed");
  }
}

std::string git_output(std::vector<std::string> arguments) {
  std::string out;
  if (!run_git(std::move(arguments), &out)) {
    return {};
  }
  while (!out.empty() && out.back() == '\n') {
    out.pop_back();
  }
  return out;
}

std::string common_folder() {
  return absolute(git_output({"rev-parse", "--git-common-dir"}));
}

std::string worktree_folder() {
  return absolute(git_output({"rev-parse", "--git-dir"}));
}

void add_git_steps(Steps& steps) {
  steps["commits"] = {true, commits};
  steps["commit"] = {true, commit};
  /// A commit whose message is the content of a file, byte for byte.
  steps["commit-file"] = {
      true, [](const std::string& path) {
        must_git({"add", "--all"});
        must_git({"commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-F", path});
      }};
  steps["git"] = {true, [](const std::string& words) { must_git(words_of(words)); }};
}

}  // namespace fake_agent
