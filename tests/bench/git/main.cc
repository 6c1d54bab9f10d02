// `./dev bench git`: what a worktree costs, beside git on the same repository. Everything that is
// compared is done in turns in one run, each in a process of its own; what counts is the ratio.
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/git/remotes.h"
#include "tests/bench/git/repositories.h"
#include "tests/bench/git/timing.h"
#include "tests/bench/git/trees.h"

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

/// Numbers of linux/magic.h; that of ext4 is also that of its forebears.
std::string file_system_of(const std::string& folder) {
  struct statfs info{};
  if (::statfs(folder.c_str(), &info) != 0) {
    return "an unknown file system";
  }
  switch (static_cast<unsigned long>(info.f_type)) {
    case 0xEF53: return "ext4";
    case 0x01021994: return "tmpfs";
    case 0x9123683E: return "btrfs";
    case 0x58465342: return "xfs";
    case 0x794C7630: return "overlayfs";
    default: return fmt::format("a file system of type {:x}", info.f_type);
  }
}

/// All that is said about the machine, and what else was at work on it.
void print_machine(const Options& options) {
  utsname system{};
  (void)::uname(&system);
  const std::string release = system.release;
  double load = 0;
  (void)::getloadavg(&load, 1);
  fmt::print("Machine: {} cores, {}, Linux {}, {}; {} rounds; load before: {:.1f}.\n",
             std::max(1U, std::thread::hardware_concurrency()), file_system_of(options.folder),
             release.substr(0, release.find('.', release.find('.') + 1)),
             output_of({"git", "--version"}), options.rounds, load);
}

void run(const Options& options) {
  fs::create_directories(options.folder);
  print_machine(options);
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
