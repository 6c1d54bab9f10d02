#include "tests/prove/overlap/people.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

namespace prove::overlap {

namespace {

namespace fs = std::filesystem;

/// A person's editor saves a whole file at once. What it saves over must not be a write of the
/// runner that the person has not seen; a real person would look first, this one holds the lock.
void save(const std::string& path, const std::string& from, const std::string& to,
          const std::string& unless) {
  const std::string lock = fs::path(path).parent_path().string() + "/.runner.lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) {
    std::string text = test_support::content_of(path);
    const std::size_t at = text.find(from);
    if (at != std::string::npos && text.find(unless) == std::string::npos) {
      text.replace(at, from.size(), to);
      test_support::write_file(path + "~", text);
      fs::rename(path + "~", path);
    }
    ::flock(fd, LOCK_UN);
  }
  if (fd >= 0) {
    ::close(fd);
  }
}

}  // namespace

int People::pick(int below) {
  return std::uniform_int_distribution<int>(0, below - 1)(random_);
}

/// From the folder of the turns, so that nobody waits for an answer of the runner.
std::string People::any_run() {
  std::vector<std::string> runs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fleet_.folder() + "/state/turns", error)) {
    runs.push_back(entry.path().filename().string());
  }
  return runs.empty() ? "" : runs[static_cast<std::size_t>(pick(static_cast<int>(runs.size())))];
}

void People::act() {
  if (paused_) {
    swarm_.start_command({"resume"});
    paused_ = false;
    return;
  }
  const std::string repo = repos_[static_cast<std::size_t>(pick(static_cast<int>(repos_.size())))];
  switch (pick(14)) {
    case 0:
      swarm_.start_command({"pause", "--why", "something looks odd"});
      paused_ = true;
      record_.seen("the kill switch was on");
      break;
    case 1:
      if (const std::string run = any_run(); !run.empty()) {
        swarm_.start_command({"runs", "cancel", run, "--why", "wrong approach"});
      }
      break;
    case 2:
      if (const std::string run = any_run(); !run.empty()) {
        swarm_.start_command({"runs", "release", run});
      }
      break;
    case 3:
      if (written_ < 4) {
        ++written_;
        swarm_.start_command({"issue", "new", repo, fmt::format("One more thing {}", written_),
                              "--ready", "--by", "alice"});
      }
      break;
    case 4: comment(); break;
    case 5: edit(/*close=*/false); break;
    case 6: edit(/*close=*/pick(3) == 0); break;
    case 7: swarm_.start_command({"runs"}); break;
    default: break;
  }
}

void People::comment() {
  const std::string repo = repos_[static_cast<std::size_t>(pick(static_cast<int>(repos_.size())))];
  const std::string folder = fleet_.folder() + "/issues/" + repo + "/1.comments";
  test_support::write_file(fmt::format("{}/{:04}-alice.md", folder, 100 + pick(800)),
                           "How far is this?\n");
  record_.count("edits of people");
}

void People::edit(bool close) {
  const std::string repo = repos_[static_cast<std::size_t>(pick(static_cast<int>(repos_.size())))];
  const int number = 1 + pick(3);
  const std::string file = fleet_.issue_file(repo, number);
  if (!fs::exists(file)) {
    return;
  }
  if (close) {
    closed_.emplace(repo, number);
    save(file, "\nready_by", "\nstate = \"closed\"\nready_by", "\nstate = ");
  } else {
    save(file, "Please do it.\n", "Please do it.\nAnd be quick.\n", "And be quick");
  }
  record_.count("edits of people");
}

}  // namespace prove::overlap
