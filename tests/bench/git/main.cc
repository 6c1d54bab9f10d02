// `./dev bench git`: what a worktree costs, beside git on the same repository. Everything that is
// compared is done in turns in one run, each in a process of its own; what counts is the ratio.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/git/remotes.h"
#include "tests/bench/git/repositories.h"
#include "tests/bench/git/trees.h"
#include "tests/bench/machine.h"
#include "tests/bench/timing.h"

namespace bench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  std::vector<std::string> kinds;
  std::vector<std::string> paths;
  int rounds = 5;
};

bool is_wanted(const Options& options, const std::string& kind) {
  return options.kinds.empty() || std::ranges::find(options.kinds, kind) != options.kinds.end();
}

void run(const Options& options) {
  fs::create_directories(options.folder);
  fmt::print("Machine: {}; {} rounds.\n", machine(options.folder), options.rounds);
  std::vector<std::pair<std::string, std::string>> subjects;
  for (const RepositoryKind& kind : repository_kinds()) {
    if (is_wanted(options, kind.name)) {
      const std::string folder = fmt::format("{}/repositories/{}.git", options.folder, kind.name);
      in_child([&] { make_repository(kind, folder); });
      subjects.emplace_back(fmt::format("{} ({} files, {})", kind.name, kind.files, kind.what),
                            folder);
    }
  }
  for (const std::string& path : options.paths) {
    subjects.emplace_back(fs::path(path).filename(), fs::absolute(path));
  }
  for (const auto& [name, path] : subjects) {
    Subject subject{.name = name, .layout = {options.folder + "/state"}, .commit = {}, .git = {}};
    subject.git = subject.layout.mirror(subject.repo);
    fs::remove_all(options.folder + "/state");
    fs::create_directories(fs::path(subject.git).parent_path());
    fs::create_directory_symlink(path, subject.git);
    subject.git = path;
    subject.commit = commit_of(path);
    compare_trees(subject, options.folder, options.rounds);
  }
  if (is_wanted(options, "remotes")) {
    compare_remotes(options.folder + "/remotes", options.rounds);
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("What a worktree costs, beside git");
  bench::Options options;
  app.add_option("--folder", options.folder, "where repositories and trees are made")->required();
  app.add_option(
      "--kind", options.kinds,
      "only these of the repositories that are made here, or `remotes`: asking and fetching");
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 100));
  app.add_option("paths", options.paths, "further bare repositories");
  CLI11_PARSE(app, argc, argv);
  try {
    bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
