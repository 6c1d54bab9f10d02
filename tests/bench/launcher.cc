#include "tests/bench/launcher.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>

namespace bench {

namespace {

bool put(int to, const void* bytes, std::size_t size) {
  return ::write(to, bytes, size) == static_cast<ssize_t>(size);
}

bool get(int from, void* bytes, std::size_t size) {
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::read(from, static_cast<char*>(bytes) + at, size - at);
    if (got <= 0) {
      return false;
    }
    at += static_cast<std::size_t>(got);
  }
  return true;
}

/// Words, each with its end.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size(); at += words.back().size() + 1) {
    words.emplace_back(text.c_str() + at);
  }
  return words;
}

struct Result {
  Sample sample;
  bool failed = false;
};

Result run_words(const std::vector<std::string>& argv) {
  Result result;
  try {
    result.sample = measure([&] {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) {
        throw std::runtime_error("no /dev/null");
      }
      become_program(argv);
    });
  } catch (const std::runtime_error&) {
    result.failed = true;
  }
  return result;
}

void serve(int from, int to) {
  std::uint32_t size = 0;
  while (get(from, &size, sizeof size)) {
    std::string text(size, '\0');
    if (!get(from, text.data(), size)) {
      return;
    }
    const Result result = run_words(words_of(text));
    if (!put(to, &result, sizeof result)) {
      return;
    }
  }
}

}  // namespace

Launcher::Launcher() {
  int down[2] = {-1, -1};
  int up[2] = {-1, -1};
  if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  child_ = ::fork();
  if (child_ == 0) {
    ::close(down[1]);
    ::close(up[0]);
    serve(down[0], up[1]);
    ::_exit(0);
  }
  ::close(down[0]);
  ::close(up[1]);
  to_child_ = down[1];
  from_child_ = up[0];
}

Launcher::~Launcher() {
  ::close(to_child_);
  ::close(from_child_);
  ::waitpid(child_, nullptr, 0);
}

Sample Launcher::run(const std::vector<std::string>& argv) const {
  std::string text;
  for (const std::string& word : argv) {
    text += word + '\0';
  }
  const auto size = static_cast<std::uint32_t>(text.size());
  Result result;
  if (!put(to_child_, &size, sizeof size) || !put(to_child_, text.data(), text.size()) ||
      !get(from_child_, &result, sizeof result) || result.failed) {
    throw std::runtime_error(argv.front() + " failed");
  }
  return result.sample;
}

}  // namespace bench
