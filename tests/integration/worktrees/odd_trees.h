#pragma once

#include <sys/stat.h>

#include <random>

#include "tests/integration/worktrees/git_playground.h"
#include "tests/support/whole_file.h"

/// Trees with odd names and contents, and what is in a folder.
namespace worktrees::test {

/// "path mode content" of everything below a folder but .git, and `without`, a name at its top.
inline std::map<std::string, std::string> print_of(const std::string& folder,
                                                   const std::string& without = {}) {
  std::map<std::string, std::string> print;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::end(at); ++at) {
    const std::string path = at->path().string().substr(folder.size() + 1);
    if (path == ".git" || path == without) {
      at.disable_recursion_pending();
      continue;
    }
    struct stat info{};
    if (::lstat(at->path().c_str(), &info) != 0) {
      throw std::runtime_error("cannot look at " + path);
    }
    const std::string content = S_ISREG(info.st_mode)   ? test_support::whole_file(at->path())
                                : S_ISLNK(info.st_mode) ? fs::read_symlink(at->path()).string()
                                                        : "";
    print[path] = fmt::format("{:o} {}", info.st_mode, content);
  }
  return print;
}

/// A tree that nobody would write, but could.
class Gardener {
 public:
  explicit Gardener(unsigned seed) : random_(seed) {}

  void grow(const std::string& folder, int depth) {
    fs::create_directories(folder);
    for (int i = pick(1, 6); i > 0; --i) {
      const std::string path = folder + "/" + name();
      if (fs::exists(fs::symlink_status(path))) {
        continue;
      }
      switch (pick(0, depth > 0 ? 6 : 4)) {
        case 0: fs::create_symlink(name() + "/../" + name(), path); break;
        case 1:
          file(path);
          fs::permissions(path, fs::perms::owner_all | fs::perms::group_exec);
          break;
        case 5:
        case 6: grow(path, depth - 1); break;
        default: file(path); break;
      }
    }
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  std::string name() {
    static const std::vector<std::string> parts = {
        "a", "b", "-",  ".c", " ", "\n", "\t", "\xc3\xa9", "\xff", "*",    "[x]", "?", "\\", "\"",
        "#", "~", "@{", ":",  "A", "0",  "é",  "|",        "'",    "$(x)", "!",   "&", ";"};
    std::string out;
    for (int i = pick(1, 4); i > 0; --i) {
      out += parts[static_cast<std::size_t>(pick(0, static_cast<int>(parts.size()) - 1))];
    }
    return out;
  }

  void file(const std::string& path) {
    std::string text;
    // Alike, so that packs hold deltas; sometimes long, sometimes none at all.
    for (int line = pick(0, 3) == 0 ? 0 : pick(1, pick(2, 3000)); line > 0; --line) {
      text +=
          fmt::format("line {} of {} files{}\n", line, pick(0, 40), pick(0, 3) == 0 ? "\r" : "");
    }
    text += pick(0, 1) == 0 ? "" : std::string("no end \0 here", 13);
    std::ofstream(path, std::ios::binary) << text;
  }

  std::mt19937 random_;
};

}  // namespace worktrees::test
