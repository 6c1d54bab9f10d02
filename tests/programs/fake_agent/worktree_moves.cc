#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// What a worktree should not contain, and writing where it ends. What is planted is left for the
/// runner to find; whether it is committed too is the script's business.
namespace fake_agent {

namespace {

namespace fs = std::filesystem;

bool link_to(const std::string& target, const std::string& name) {
  std::error_code error;
  fs::remove_all(name, error);
  return ::symlink(target.c_str(), name.c_str()) == 0;
}

/// Links for whoever reads, writes or removes files of the worktree.
bool plant_links() {
  const std::string folder = fs::path(treasure()).parent_path().string();
  bool done = link_to(treasure(), "to-treasure") && link_to(folder, "to-folder");
  done = link_to("../../../../../../../../..", "up-and-out") && done;
  done = link_to("loop-b", "loop-a") && link_to("loop-a", "loop-b") && done;
  done = link_to(treasure(), "README.md") && done;
  return link_to(treasure(), "plan.md") && done;
}

bool plant_special_files() {
  const bool fifo = ::mkfifo("a-fifo", 0644) == 0;
  const bool device = ::mknod("a-device", S_IFCHR | 0666, makedev(1, 5)) == 0;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "a-socket");
  const bool socket = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return fifo || device || socket;
}

bool plant_set_uid() {
  return put_file("set-uid.sh", "#!/bin/sh\nid\n") && ::chmod("set-uid.sh", 06755) == 0;
}

/// The worktree's `.git` is a small file that says where its repository is.
bool replace_dot_git(const std::string& how) {
  std::error_code error;
  fs::rename(".git", "dot-git-of-before", error);
  if (error) {
    return false;
  }
  if (how == "file") {
    return put_file(".git", "gitdir: /nonexistent/evil.git\n");
  }
  if (how == "link") {
    return ::symlink(treasure().c_str(), ".git") == 0;
  }
  return git({"init", "-q", "-b", "main", "."}) && git({"add", "--all"}) &&
         git({"commit", "-q", "-m", "A repository of its own"});
}

/// Names that are harmless in git and harmful elsewhere.
bool plant_names() {
  bool done = true;
  for (const char* name :
       {"--force", "-rf", "a\nb", "\x1b[2Jclear", "$(touch owned)", "`id`", "a b\tc", "\xff\xfe",
        "aux.txt ", "%s%n", "'; drop table runs; --", "<!-- x -->",
        "\xe2\x80\xae"
        "gnp.exe",
        "..."}) {
    done = put_file(name, "named to hurt\n") && done;
  }
  return done;
}

bool write_at(const std::string& path) {
  const bool done = put_file(path, "written by the fake agent from its worktree\n");
  return done;
}

std::string state_folder() {
  // <state>/turns/<run>/<number>/agent
  return fs::path(variable("RUNNER_TURN_DIR"))
      .parent_path()
      .parent_path()
      .parent_path()
      .parent_path()
      .string();
}

bool delete_tests() {
  std::error_code error;
  const auto removed = fs::remove_all("tests", error) + fs::remove_all("test", error);
  return removed > 0 && git({"add", "--all"}) && git({"commit", "-q", "-m", "Tidy up"});
}

}  // namespace

void add_worktree_moves(Moves& moves) {
  moves["links"] = plant_links;
  moves["special-files"] = plant_special_files;
  moves["set-uid"] = plant_set_uid;
  moves["names"] = plant_names;
  moves["dot-git-file"] = [] { return replace_dot_git("file"); };
  moves["dot-git-link"] = [] { return replace_dot_git("link"); };
  moves["dot-git-folder"] = [] { return replace_dot_git("folder"); };
  moves["delete-tests"] = delete_tests;
  moves["empty-worktree"] = [] {
    std::error_code error;
    bool done = true;
    for (const auto& entry : fs::directory_iterator(".", error)) {
      done = fs::remove_all(entry.path(), error) > 0 && done;
    }
    return done && !error;
  };
  moves["worktree-link"] = [] {
    // Its own folder becomes a link: who removes the worktree by its name removes something else.
    std::error_code error;
    const fs::path here = fs::current_path(error);
    fs::rename(here, here.string() + ".moved", error);
    return !error && ::symlink(fs::path(treasure()).parent_path().c_str(), here.c_str()) == 0;
  };
  // Outside. Each is a file of its own, so that nothing breaks by it and it can be seen later.
  moves["write-beside"] = [] { return write_at("../beside-the-worktree.txt"); };
  moves["write-state"] = [] { return write_at(state_folder() + "/planted.txt"); };
  moves["write-turn"] = [] { return write_at(variable("RUNNER_TURN_DIR") + "/../planted.txt"); };
  moves["write-other-turn"] = [] { return write_at(state_folder() + "/turns/planted.txt"); };
  moves["write-treasure"] = [] {
    const int fd = ::open(treasure().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    ::close(fd);
    return fd >= 0;  // that it could be written is enough
  };
}

}  // namespace fake_agent
