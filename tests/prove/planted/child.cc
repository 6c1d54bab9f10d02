#include "tests/prove/planted/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/support/signals.h"

namespace prove::planted {

namespace {

namespace fs = std::filesystem;

constexpr int kTooLong = 125;
const char* const kMemory = "/dev/shm/";

/// parent -> children, of everything that runs.
std::multimap<pid_t, pid_t> families() {
  std::multimap<pid_t, pid_t> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string state;
    pid_t parent = 0;
    if (rest >> state >> parent && state != "Z") {
      result.emplace(parent, std::atoi(name.c_str()));
    }
  }
  return result;
}

std::set<pid_t> descendants(pid_t ancestor) {
  const auto all = families();
  std::set<pid_t> found;
  std::vector<pid_t> left{ancestor};
  while (!left.empty()) {
    const auto [begin, end] = all.equal_range(left.back());
    left.pop_back();
    for (auto child = begin; child != end; ++child) {
      if (found.insert(child->second).second) {
        left.push_back(child->second);
      }
    }
  }
  return found;
}

/// The folder in memory that a process works in, or is told of: "/dev/shm/runner-test-x".
void add_folder(const std::string& text, std::set<std::string>& folders) {
  for (std::size_t at = text.find(kMemory); at != std::string::npos;
       at = text.find(kMemory, at + 1)) {
    const std::size_t begin = at + std::string(kMemory).size();
    const std::string name = text.substr(begin, text.find_first_of("/ \"'\n\0", begin, 6) - begin);
    if (name.starts_with("runner-") || name.starts_with("prove-")) {
      folders.insert(kMemory + name);
    }
  }
}

void end_everything() {
  std::set<std::string> folders;
  for (int round = 0; round < 500; ++round) {
    const std::set<pid_t> left = descendants(::getpid());
    if (left.empty()) {
      break;
    }
    for (const pid_t pid : left) {
      std::error_code error;
      const std::string proc = "/proc/" + std::to_string(pid);
      add_folder(fs::read_symlink(proc + "/cwd", error).string() + "/", folders);
      std::ifstream line(proc + "/cmdline");
      std::stringstream words;
      words << line.rdbuf();
      add_folder(words.str(), folders);
      (void)test_support::send_signal(pid, SIGKILL);
    }
    ::usleep(10'000);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  for (const std::string& folder : folders) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
}

/// Between us and the harness: what the harness leaves comes to this process, so that nothing of it
/// can get away.
[[noreturn]] void keep(const std::vector<char*>& argv, const std::string& log,
                       std::chrono::seconds limit) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t harness = ::fork();
  if (harness == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int null = ::open("/dev/null", O_RDONLY);
    if (out < 0 || null < 0 || ::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(out, 2) < 0) {
      ::_exit(126);
    }
    ::execv(argv.front(), argv.data());
    ::_exit(126);
  }
  int code = kTooLong;
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < give_up) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended == harness) {
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 126;
      break;
    }
    if (ended <= 0) {
      ::usleep(20'000);
    }
  }
  end_everything();
  ::_exit(code);
}

std::string first_violation(const std::string& log) {
  std::ifstream file(log);
  const std::string word = "VIOLATION ";
  for (std::string line; std::getline(file, line);) {
    if (const std::size_t at = line.find(word); at != std::string::npos) {
      return line.substr(at + word.size());
    }
  }
  return {};
}

}  // namespace

Ended run_harness(const std::vector<std::string>& argv, const std::string& log,
                  std::chrono::seconds limit) {
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t keeper = ::fork();
  if (keeper == 0) {
    keep(pointers, log, limit);
  }
  int status = 0;
  while (::waitpid(keeper, &status, 0) < 0 && errno == EINTR) {
  }
  Ended ended;
  ended.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ended.first = first_violation(log);
  switch (WIFEXITED(status) ? WEXITSTATUS(status) : 126) {
    case 0: ended.how = Ended::How::quiet; break;
    case 1: ended.how = Ended::How::violation; break;
    case 77: ended.how = Ended::How::skipped; break;
    case kTooLong: ended.how = Ended::How::too_long; break;
    default: ended.how = Ended::How::broken; break;
  }
  return ended;
}

}  // namespace prove::planted
