#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace worktrees::test {

namespace fs = std::filesystem;

/// Does to a worktree what agents do, and what they should not.
class Vandal {
 public:
  Vandal(unsigned seed, std::string outside) : random_(seed), outside_(std::move(outside)) {}

  void visit(const std::string& folder) {
    for (int i = 0; i < 40; ++i) {
      std::vector<std::string> paths;
      for (auto at = fs::recursive_directory_iterator(folder); at != fs::end(at); ++at) {
        if (at->path() != folder + "/.git") {
          paths.push_back(at->path());
        }
      }
      if (!paths.empty()) {
        harm(folder, paths[static_cast<std::size_t>(pick(0, static_cast<int>(paths.size()) - 1))]);
      }
    }
  }

 private:
  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  void harm(const std::string& folder, const std::string& path) {
    const auto status = fs::symlink_status(path);
    const bool file = fs::is_regular_file(status);
    const bool directory = fs::is_directory(status);
    switch (pick(0, 14)) {
      case 0: fs::remove_all(path); break;
      case 1: put(file ? path : path + ".new", "other\n"); break;
      case 2: rewrite_unseen(path, file); break;
      case 3:
        fs::remove_all(path);
        put(path + "/in a directory now", "x");
        break;
      case 4:
        fs::remove_all(path);
        fs::create_symlink(outside_, path);
        break;
      case 5:
        if (file) {
          fs::permissions(path, fs::perms(static_cast<unsigned>(pick(0, 0777)) | 0400U));
        }
        break;
      case 6:
        if (file) {
          fs::create_hard_link(path, outside_ + fmt::format("/name {}", pick(0, 1 << 30)));
        }
        break;
      case 7:
        if (directory) {
          fs::permissions(path, fs::perms::owner_read | fs::perms::owner_exec);
        }
        break;
      case 8: put((directory ? path : folder) + "/untracked", "u\n"); break;
      case 9: put((directory ? path : folder) + "/.gitignore", "*\n"); break;
      case 10: put((directory ? path : folder) + "/.gitattributes", "* text eol=crlf\n"); break;
      case 11: put((directory ? path : folder) + "/nested/.git/HEAD", "ref: refs/heads/x\n"); break;
      case 12: (void)::mkfifo(fmt::format("{}/pipe {}", folder, pick(0, 9)).c_str(), 0600); break;
      case 13:
        if (file) {
          fs::last_write_time(path, fs::file_time_type::clock::now());
        }
        break;
      default: fs::remove_all(path); (void)::mkfifo(path.c_str(), 0600);
    }
  }

  /// As long as before and with its old time.
  static void rewrite_unseen(const std::string& path, bool file) {
    if (!file || fs::file_size(path) == 0) {
      return;
    }
    const auto before = fs::last_write_time(path);
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    const int first = stream.get();
    stream.seekp(0);
    stream.put(static_cast<char>(first ^ 1));
    stream.close();
    fs::last_write_time(path, before);
  }

  static void put(const std::string& path, const std::string& content) {
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (!fs::is_regular_file(fs::symlink_status(path, error))) {
      fs::remove_all(path, error);  // a pipe nobody reads, a link
    }
    std::ofstream(path, std::ios::binary) << content;
  }

  std::mt19937 random_;
  std::string outside_;
};

}  // namespace worktrees::test
