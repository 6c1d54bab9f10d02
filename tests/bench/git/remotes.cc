#include "tests/bench/git/remotes.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "runner/http/git_web.h"
#include "tests/bench/git/table.h"
#include "tests/stub/stub.h"
#include "tests/support/signals.h"
#include "worktrees/git_error.h"
#include "worktrees/git_handles.h"
#include "worktrees/mirror.h"
#include "worktrees/refresh.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr int kRemotes = 20;
constexpr int kBranches = 20'000;
constexpr int kCommits = 200;
constexpr unsigned kObservers = 8;  // as a tick has

void git(std::vector<std::string> words) {
  words.insert(words.begin(), {"git", "-c", "user.name=bench", "-c", "user.email=b@localhost"});
  run_program(words);
}

/// Git's own server in a process of its own.
class Server {
 public:
  explicit Server(const std::string& root) {
    int ends[2];
    if (::pipe(ends) != 0 || (process_ = ::fork()) < 0) {
      throw std::runtime_error("cannot start a server");
    }
    if (process_ == 0) {
      const stub::Stub server({.git_root = root});
      const std::string url = server.url("/git");
      (void)!::write(ends[1], url.data(), url.size());
      ::close(ends[1]);
      for (;;) {
        ::pause();
      }
    }
    ::close(ends[1]);
    char bytes[200];
    const ssize_t got = ::read(ends[0], bytes, sizeof bytes);
    ::close(ends[0]);
    url_.assign(bytes, got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  ~Server() {
    (void)test_support::send_signal(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  pid_t process_ = -1;
  std::string url_;
};

/// A bare repository with some history and many branches on it, as one file.
void make_remote(const std::string& folder) {
  git({"init", "-q", "--bare", "-b", "main", folder});
  std::FILE* in = ::popen(fmt::format("git -C '{}' fast-import --quiet", folder).c_str(), "w");
  for (int i = 0; i < kCommits; ++i) {
    fmt::print(in,
               "commit refs/heads/main\nmark :{}\ncommitter B <b@localhost> {} +0000\n"
               "data 4\nmake\nM 100644 inline file-{}\ndata 2\n{}\n\n",
               i + 1, 1'767'225'600 + i, i, i % 10);
  }
  if (::pclose(in) != 0) {
    throw std::runtime_error("cannot make " + folder);
  }
  const std::string list = folder + "/commits";
  run_program({"sh", "-c", "git --git-dir \"$1\" rev-list main > \"$2\"", "sh", folder, list});
  std::vector<std::string> commits;
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    commits.push_back(line);
  }
  std::ofstream refs(folder + "/packed-refs");
  refs << "# pack-refs with: peeled fully-peeled sorted \n";
  for (int i = 0; i < kBranches; ++i) {
    refs << fmt::format("{} refs/heads/change-{:05}\n",
                        commits[static_cast<std::size_t>(i) % commits.size()], i);
  }
}

/// A clone as `git fetch` of every branch leaves it, without fetching 20,000 of them.
void make_clone(const std::string& remote, const std::string& url, const std::string& folder) {
  fs::create_directories(fs::path(folder).parent_path());
  fs::copy(remote, folder, fs::copy_options::recursive);
  git({"-C", folder, "remote", "add", "origin", url});
  run_program({"sed", "-i", "s|refs/heads/|refs/remotes/origin/|", folder + "/packed-refs"});
  fs::remove_all(folder + "/refs/heads");
  fs::create_directories(folder + "/refs/heads");
  git({"-C", folder, "fetch", "-q", "origin"});
}

void must(const jobs::Status& done) {
  if (!done) {
    throw std::runtime_error(done.error().text());
  }
}

void ask_all(const std::vector<std::string>& urls, unsigned threads, worktrees::Web* web) {
  worktrees::GuardedOrigins guarded;
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < urls.size(); at = next++) {
        const auto base = worktrees::remote_base(
            {.url = urls[at], .credentials = {}, .web = web, .guarded = &guarded}, "main");
        must(base ? jobs::ok() : jobs::Status(base.error()));
      }
    });
  }
}

void refresh(const std::string& mirror, const std::string& url, worktrees::Web* web) {
  worktrees::start_libgit2();
  worktrees::Repository repository;
  if (git_repository_open_bare(worktrees::into(repository), mirror.c_str()) < 0) {
    throw std::runtime_error("no repository " + mirror);
  }
  const auto base = worktrees::refresh_base(
      repository.get(), {.url = url, .credentials = {}, .web = web, .guarded = nullptr}, "main");
  must(base ? jobs::ok() : jobs::Status(base.error()));
}

void compare_asking(const std::string& folder, const std::vector<std::string>& urls, int rounds) {
  Table asked;
  for (int round = 0; round < rounds; ++round) {
    asked.add(
        "20 x git fetch", measure([&] {
          become_program({"sh", "-ec", "for i in \"$1\"/*; do git -C \"$i\" fetch -q origin; done",
                          "sh", folder + "/clones"});
        }));
    asked.add("20 x git ls-remote of one branch", measure([&] {
                become_program({"sh", "-ec",
                                "for i in \"$1\"/*; do git -C \"$i\" ls-remote -q origin "
                                "refs/heads/main > /dev/null; done",
                                "sh", folder + "/clones"});
              }));
    asked.add("libgit2, one process", measure([&] { ask_all(urls, 1, nullptr); }));
    asked.add("runner, one after the other", measure([&] {
                runner::http::GitWeb web;
                ask_all(urls, 1, &web);
              }));
    asked.add("runner, as a tick does", measure([&] {
                runner::http::GitWeb web;
                ask_all(urls, kObservers, &web);
              }));
  }
  asked.print(fmt::format("has the base moved? {} remotes of {} branches", kRemotes, kBranches),
              "20 x git fetch");
}

void compare_fetching(const std::string& folder, const std::string& url, int rounds) {
  const std::string remote = folder + "/remotes/r00.git";
  const std::string work = folder + "/clone";
  run_program({"git", "clone", "-q", remote, work});
  Table fetched;
  for (int round = 0; round < rounds; ++round) {
    std::ofstream(work + "/file-0", std::ios::app) << round << "\n";
    git({"-C", work, "commit", "-q", "-a", "-m", "next"});
    git({"-C", work, "push", "-q", "origin", "main"});
    fetched.add(
        "git fetch", measure([&] {
          become_program({"git", "-C", folder + "/clones/r00.git", "fetch", "-q", "origin"});
        }));
    fetched.add("libgit2 fetch",
                measure([&] { refresh(folder + "/by-libgit2/r00.git", url, nullptr); }));
    fetched.add("runner", measure([&] {
                  runner::http::GitWeb web;
                  refresh(folder + "/by-runner/r00.git", url, &web);
                }));
  }
  fetched.print(fmt::format("one new commit from a remote of {} branches", kBranches), "git fetch");
}

}  // namespace

void compare_remotes(const std::string& folder, int rounds) {
  fs::remove_all(folder);
  fs::create_directories(folder + "/remotes");
  make_remote(folder + "/remotes/r00.git");
  for (int i = 1; i < kRemotes; ++i) {
    fs::copy(folder + "/remotes/r00.git", fmt::format("{}/remotes/r{:02}.git", folder, i),
             fs::copy_options::recursive);
  }
  const Server server(folder + "/remotes");
  std::vector<std::string> urls;
  for (int i = 0; i < kRemotes; ++i) {
    const std::string name = fmt::format("r{:02}.git", i);
    urls.push_back(server.url() + "/" + name);
    make_clone(folder + "/remotes/" + name, urls.back(), folder + "/clones/" + name);
  }
  make_clone(folder + "/remotes/r00.git", urls.front(), folder + "/by-libgit2/r00.git");
  make_clone(folder + "/remotes/r00.git", urls.front(), folder + "/by-runner/r00.git");
  compare_asking(folder, urls, rounds);
  compare_fetching(folder, urls.front(), rounds);
  fs::remove_all(folder);
}

}  // namespace bench
