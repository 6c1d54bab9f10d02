#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

namespace fake_agent {

namespace {

std::set<std::string>& crashes() {
  static std::set<std::string> moments;
  return moments;
}

}  // namespace

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string treasure() {
  const std::string path = variable("FAKE_AGENT_TREASURE");
  return path.empty() ? "/etc/passwd" : path;
}

void die(const std::string& why) {
  fmt::print(stderr, "fake_agent: {}\n", why);
  std::exit(99);
}

void append(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    die("cannot append to " + path + ": " + std::strerror(errno));
  }
  ::close(fd);
}

bool put_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0) {
    return false;
  }
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return done;
}

void log(const std::string& what) {
  if (const auto path = variable("FAKE_AGENT_LOG"); !path.empty()) {
    append(path, fmt::format("{} {}\n", what, variable("RUNNER_TURN")));
  }
}

void put(const std::string& text) {
  moment("before-first-byte");
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (got <= 0) {
      std::_Exit(98);
    }
    at += static_cast<std::size_t>(got);
  }
  moment("after-first-byte");
}

void sleep_ms(long milliseconds) {
  timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (::nanosleep(&left, &left) != 0) {
  }
}

void for_ever() {
  while (true) {
    ::pause();
  }
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

void crash_at(const std::string& name) {
  crashes().insert(name);
}

void moment(const std::string& name) {
  if (crashes().contains(name)) {
    log("crash " + name);
    ::raise(SIGKILL);
    for_ever();
  }
}

void log_child(const std::string& shape) {
  char space[64] = {};
  [[maybe_unused]] const auto got = ::readlink("/proc/self/ns/pid", space, sizeof space - 1);
  // Field 22, counted from the last ')': the name may contain anything.
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto close = line.rfind(')');
  const auto fields = words_of(close == std::string::npos ? "" : line.substr(close + 1));
  log(fmt::format("child {} {} {} {}", shape, ::getpid(), space,
                  fields.size() > 19 ? fields[19] : "0"));
}

void wear_leash(int fd) {
  if (fd >= 0) {
    // Never unmapped: it is what the census from outside looks for.
    [[maybe_unused]] const void* leash = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
  }
}

}  // namespace fake_agent
