#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Commits and branches as nobody should push them.
namespace fake_agent {

namespace {

namespace fs = std::filesystem;

bool commit_all(const std::string& message) {
  return git({"add", "--all"}) && git({"commit", "-q", "--allow-empty", "-m", message});
}

/// The branch of the run, on top of nothing that was there before.
bool rewrite_history() {
  const std::string branch = git_output({"symbolic-ref", "--short", "HEAD"});
  return !branch.empty() && put_file("rewritten.txt", "all new\n") &&
         git({"checkout", "-q", "--orphan", "another-past"}) && commit_all("It was always so") &&
         git({"branch", "-q", "-M", branch});
}

/// The same tree of the base, committed again with another author and time.
bool amend_base() {
  return put_file("amended.txt", "slipped in\n") && git({"add", "--all"}) &&
         git({"commit", "-q", "--amend", "-m", "Start"});
}

bool skip_token() {
  bool done = true;
  for (const char* token : {"[skip ci]", "[ci skip]", "[no ci]", "***NO_CI***", "[skip actions]",
                            "[SKIP CI]", "[skip  ci]"}) {
    append("skipped.txt", std::string(token) + "\n");
    done = commit_all(fmt::format("Improve things {}", token)) && done;
  }
  append("skipped.txt", "trailer\n");
  return commit_all("Improve things\n\nskip-checks: true") && done;
}

/// A message that claims to be the runner's, or another run's.
bool false_trailers() {
  append("trailers.txt", "x\n");
  return commit_all(
      "Improve things\n\nRunner-Run: 00000000000000000000000000\nRunner-Issue: other/repo#1\n"
      "Runner-Turn: 99\nCloses: #1\nCo-authored-by: Runner <runner@example.com>");
}

bool git_modules() {
  const std::string head = git_output({"rev-parse", "HEAD"});
  return put_file(".gitmodules",
                  "[submodule \"evil\"]\n\tpath = evil\n\turl = -u./payload\n"
                  "[submodule \"../../hooks\"]\n\tpath = sub\n\turl = ../outside\n"
                  "\tupdate = !touch owned\n") &&
         git({"update-index", "--add", "--cacheinfo", "160000," + head + ",evil"}) &&
         git({"add", ".gitmodules"}) && git({"commit", "-q", "-m", "Use a submodule"});
}

bool huge_commit() {
  const int fd = ::open("huge.bin", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  std::string block(1U << 20, '\0');
  bool done = fd >= 0;
  for (int megabyte = 0; done && megabyte < 120; ++megabyte) {
    // Not the same twice, so that it does not pack well.
    for (std::size_t at = 0; at < block.size(); at += 8) {
      const auto mixed = (at + static_cast<std::size_t>(megabyte) + 1) * 0x9e3779b97f4a7c15U;
      block.replace(at, 8, reinterpret_cast<const char*>(&mixed), 8);
    }
    done = ::write(fd, block.data(), block.size()) == static_cast<ssize_t>(block.size());
  }
  ::close(fd);
  return done && commit_all("Add a large file");
}

bool many_files() {
  std::error_code error;
  fs::create_directory("many", error);
  for (int number = 0; number < 20'000; ++number) {
    (void)put_file(fmt::format("many/{}.txt", number), "x");
  }
  return commit_all("Add many files");
}

/// Objects that git itself refuses to add: made by hand.
bool bad_tree(const std::string& mode, const std::string& name) {
  const std::string blob = git_output({"hash-object", "-w", "--", "README.md"});
  std::string bytes = mode + " " + name + std::string(1, '\0');
  for (std::size_t at = 0; at + 1 < blob.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(blob.substr(at, 2), nullptr, 16));
  }
  const std::string file = variable("TMPDIR") + "/tree";
  if (blob.empty() || !put_file(file, bytes)) {
    return false;
  }
  const std::string tree =
      git_output({"hash-object", "-t", "tree", "-w", "--literally", "--", file});
  const std::string commit =
      tree.empty() ? "" : git_output({"commit-tree", tree, "-p", "HEAD", "-m", "Reorganise"});
  return !commit.empty() && git({"update-ref", "HEAD", commit});
}

bool merge_foreign() {
  const std::string branch = git_output({"symbolic-ref", "--short", "HEAD"});
  append("foreign.txt", "work of somebody else\n");
  return git({"checkout", "-q", "-b", "foreign"}) && git({"add", "--all"}) &&
         git({"-c", "user.name=Mallory", "-c", "user.email=mallory@example.com", "commit", "-q",
              "-m", "Foreign work"}) &&
         git({"checkout", "-q", branch}) &&
         git({"merge", "-q", "--no-ff", "-m", "Merge it", "foreign"});
}

}  // namespace

void add_git_moves(Moves& moves) {
  moves["rewrite-history"] = rewrite_history;
  moves["amend-base"] = amend_base;
  moves["skip-token"] = skip_token;
  moves["false-trailers"] = false_trailers;
  moves["gitmodules"] = git_modules;
  moves["huge-commit"] = huge_commit;
  moves["many-files"] = many_files;
  moves["merge-foreign"] = merge_foreign;
  moves["tree-dot-git"] = [] { return bad_tree("100644", ".GIT"); };
  moves["tree-up"] = [] { return bad_tree("100644", ".."); };
  moves["tree-set-uid"] = [] { return bad_tree("104755", "set-uid.sh"); };
  moves["tree-slash"] = [] { return bad_tree("100644", "a/../../b"); };
  moves["detach-head"] = [] { return git({"checkout", "-q", "--detach"}); };
  moves["switch-branch"] = [] {
    return git({"checkout", "-q", "-b", "somewhere-else"}) && put_file("elsewhere.txt", "x\n") &&
           commit_all("Work elsewhere");
  };
  moves["unborn-branch"] = [] { return git({"checkout", "-q", "--orphan", "nothing-here"}); };
  moves["conflict-markers"] = [] {
    return put_file("conflict.txt", "<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> other\n") &&
           commit_all("Resolve");
  };
  moves["replace-ref"] = [] {
    const std::string head = git_output({"rev-parse", "HEAD"});
    return put_file("replaced.txt", "x\n") && commit_all("What it pretends to be") &&
           git({"replace", "-f", head, "HEAD"});
  };
}

}  // namespace fake_agent
