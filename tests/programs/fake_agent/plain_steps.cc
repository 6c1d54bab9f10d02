#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

#include <fmt/format.h>

#include "tests/programs/fake_agent/agent.h"

/// Success, failure, silence, output of every kind, and reports.
namespace fake_agent {

namespace {

void report(const std::string& type, const std::string& text) {
  std::string quoted;
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? fmt::format("\\{}", c) : std::string(1, c);
  }
  append(variable("RUNNER_TURN_DIR") + "/reports.ndjson",
         fmt::format("{{\"t\":{}000,\"type\":\"{}\",\"text\":\"{}\"}}\n", ::time(nullptr), type,
                     quoted));
}

std::string inherited_descriptors() {
  std::string result;
  for (int fd = 3; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) {
      result += fmt::format(" {}", fd);
    }
  }
  return result;
}

void describe(const std::string& /*nothing*/) {
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  int blocked = 0;
  for (int number = 1; number < NSIG; ++number) {
    blocked += sigismember(&mask, number) == 1 ? 1 : 0;
  }
  char byte = 0;
  put(fmt::format("descriptors:{}\nblocked: {}\nstdin: {}\nsession leader: {}\n",
                  inherited_descriptors(), blocked, ::read(STDIN_FILENO, &byte, 1),
                  ::getsid(0) == ::getpid()));
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    put(fmt::format("env {}\n", *entry));
  }
}

void flood(const std::string& bytes) {
  const std::string line(1023, 'x');
  for (long left = std::stol(bytes); left > 0; left -= 1024) {
    put(line + "\n");
  }
}

void binary(const std::string& /*nothing*/) {
  std::string bytes;
  for (int byte = 0; byte < 1024; ++byte) {
    bytes += static_cast<char>(byte % 256);
  }
  put(bytes);
}

/// Bytes without any meaning, the same ones each time; also as report and usage, where the runner
/// looks.
std::string garbage_of(long size) {
  std::string bytes;
  std::uint64_t state = 0x9e3779b97f4a7c15U;
  for (long at = 0; at < size; ++at) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    bytes += static_cast<char>(state & 0xff);
  }
  return bytes;
}

void garbage(const std::string& size) {
  const std::string bytes = garbage_of(std::stol(size));
  put(bytes);
  append(variable("RUNNER_TURN_DIR") + "/reports.ndjson", bytes + "\n");
  (void)put_file(variable("RUNNER_TURN_DIR") + "/usage.json", bytes);
}

/// "LINES MILLISECONDS": a line now and then.
void slow(const std::string& argument) {
  const auto words = words_of(argument);
  for (long line = 0; line < std::stol(words.at(0)); ++line) {
    put(fmt::format("line {}\n", line + 1));
    sleep_ms(std::stol(words.at(1)));
  }
}

[[noreturn]] void endless() {
  while (true) {
    put("and so on\n");
  }
}

void add_output(Steps& steps) {
  steps["print"] = {true, [](const std::string& text) { put(text + "\n"); }};
  steps["print-raw"] = {true, [](const std::string& text) { put(text); }};
  steps["print-env"] = {true, [](const std::string& name) { put(variable(name.c_str()) + "\n"); }};
  steps["print-file"] = {true, [](const std::string& path) {
                           const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
                           char buffer[4096];
                           for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
                             put(std::string(buffer, static_cast<std::size_t>(got)));
                           }
                           ::close(fd);
                         }};
  steps["flood"] = {true, flood};
  steps["endless"] = {false, [](const std::string&) { endless(); }};
  steps["binary"] = {false, binary};
  steps["garbage"] = {true, garbage};
  steps["slow"] = {true, slow};
  steps["describe"] = {false, describe};
}

}  // namespace

void add_plain_steps(Steps& steps) {
  add_output(steps);
  steps["exit"] = {true, [](const std::string& code) {
                     moment("before-exit");
                     std::exit(std::stoi(code));
                   }};
  steps["sleep"] = {true, [](const std::string& ms) { sleep_ms(std::stol(ms)); }};
  steps["hang"] = {false, [](const std::string&) { for_ever(); }};
  // The same without anything said before it: by itself a script of this alone never sends a byte.
  steps["first-byte-never"] = {false, [](const std::string&) { for_ever(); }};
  steps["ignore-term"] = {false, [](const std::string&) { ::signal(SIGTERM, SIG_IGN); }};
  steps["signal"] = {true, [](const std::string& number) { ::raise(std::stoi(number)); }};
  steps["write"] = {true, [](const std::string& path) { append(path, "fake agent\n"); }};
  steps["phase"] = {true, [](const std::string& text) { report("phase", text); }};
  steps["blocked"] = {true, [](const std::string& text) { report("blocked", text); }};
  steps["note"] = {true, [](const std::string& text) { report("note", text); }};
  // Tries to end its own turn with a success that never was.
  steps["forge"] = {false, [](const std::string&) {
                      std::ofstream out(variable("RUNNER_TURN_DIR") + "/../exit.json");
                      out << R"({"schema":1,"end":"exited","exit_code":0})";
                      out.close();
                      put(out.good() ? "forged\n" : "refused\n");
                    }};
}

}  // namespace fake_agent
