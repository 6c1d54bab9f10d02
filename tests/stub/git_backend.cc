#include "tests/stub/git_backend.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/signals.h"

namespace stub {

namespace {

constexpr std::chrono::seconds kLongest{60};

/// An anonymous file with this content, read from its beginning. It has an end, as the standard
/// input of a CGI program has.
int file_of(const std::string& bytes) {
  const int file = ::memfd_create("body", MFD_CLOEXEC);
  for (std::size_t at = 0; file >= 0 && at < bytes.size();) {
    const ssize_t put = ::write(file, bytes.data() + at, bytes.size() - at);
    if (put <= 0) {
      break;
    }
    at += static_cast<std::size_t>(put);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) {
    out.push_back(word.data());
  }
  out.push_back(nullptr);
  return out;
}

std::string read_all(int file, pid_t child) {
  const auto end = std::chrono::steady_clock::now() + kLongest;
  std::string out;
  char bytes[65536];
  for (;;) {
    pollfd waiting{.fd = file, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 100) <= 0) {
      if (std::chrono::steady_clock::now() > end) {
        (void)test_support::send_signal(child, SIGKILL);
        return out;
      }
      continue;
    }
    const ssize_t got = ::read(file, bytes, sizeof bytes);
    if (got <= 0) {
      return out;
    }
    out.append(bytes, static_cast<std::size_t>(got));
  }
}

std::vector<std::string> base_environment() {
  return {"PATH=/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
          "HOME=/nonexistent", "LC_ALL=C.UTF-8",
          // The repositories may belong to whoever runs the tests.
          "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"};
}

/// Headers, an empty line, the body; the status as a header of its own.
Answer from_cgi(const std::string& output) {
  const std::size_t end = output.find("\r\n\r\n");
  if (end == std::string::npos) {
    return plain(500, "git http-backend said nothing\n");
  }
  Answer answer;
  std::istringstream lines(output.substr(0, end + 2));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) {
      continue;
    }
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(colon + 2, line.find('\r') - colon - 2);
    if (name == "Status") {
      std::from_chars(value.data(), value.data() + value.size(), answer.status);
    } else {
      answer.headers.emplace_back(name, value);
    }
  }
  answer.body = output.substr(end + 4);
  return answer;
}

}  // namespace

std::string output_of(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment, const std::string& input) {
  int output[2] = {-1, -1};
  if (::pipe2(output, O_CLOEXEC) != 0) {
    return {};
  }
  const int body = file_of(input);
  std::vector<std::string> words = argv;
  std::vector<std::string> variables = base_environment();
  variables.insert(variables.end(), environment.begin(), environment.end());
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> values = pointers(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, body, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, words.front().c_str(), &actions, nullptr,
                                    arguments.data(), values.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(output[1]);
  ::close(body);
  std::string out;
  if (failed == 0) {
    out = read_all(output[0], child);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(output[0]);
  return out;
}

Answer GitBackend::answer(const Request& request, const std::string& inside,
                          const std::string& user) const {
  const std::size_t mark = request.target.find('?');
  std::vector<std::string> environment = {
      "GIT_PROJECT_ROOT=" + root_,
      "GIT_HTTP_EXPORT_ALL=1",
      "PATH_INFO=" + inside,
      "REQUEST_METHOD=" + request.method,
      "QUERY_STRING=" + (mark == std::string::npos ? "" : request.target.substr(mark + 1)),
      fmt::format("CONTENT_LENGTH={}", request.body.size()),
      "REMOTE_ADDR=127.0.0.1"};
  const std::pair<const char*, const char*> passed[] = {
      {"Content-Type", "CONTENT_TYPE"},
      {"Content-Encoding", "HTTP_CONTENT_ENCODING"},
      {"Git-Protocol", "GIT_PROTOCOL"}};
  for (const auto& [name, variable] : passed) {
    if (const auto value = header(request.headers, name)) {
      environment.push_back(fmt::format("{}={}", variable, *value));
    }
  }
  if (!user.empty()) {
    environment.push_back("REMOTE_USER=" + user);
  }
  return from_cgi(output_of({"git", "http-backend"}, environment, request.body));
}

std::map<std::string, std::string> GitBackend::refs(const std::string& inside) const {
  const std::size_t end = inside.find(".git/");
  std::map<std::string, std::string> refs;
  if (end == std::string::npos || inside.find("..") != std::string::npos) {
    return refs;
  }
  std::istringstream lines(output_of({"git", "--git-dir", root_ + inside.substr(0, end + 4),
                                      "for-each-ref", "--format=%(objectname) %(refname)"},
                                     {}, ""));
  for (std::string id, name; lines >> id >> name;) {
    refs[name] = id;
  }
  return refs;
}

}  // namespace stub
