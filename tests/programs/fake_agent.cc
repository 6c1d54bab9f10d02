// A scripted agent: does what its arguments say, one after the other. It never asks product code
// what is true; what it did stands in the file FAKE_AGENT_LOG, one line for each start, so that a
// test can count.
//
//   fake_agent STEP [ARGUMENT] STEP [ARGUMENT] ...
//   fake_agent @FILE              steps from a file: one line each, "step argument with spaces"
//
// Without a step that ends it, it exits with 0.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace {

using Arguments = std::deque<std::string>;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

[[noreturn]] void die(const std::string& why) {
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

void log(const std::string& what) {
  if (const auto path = variable("FAKE_AGENT_LOG"); !path.empty()) {
    append(path, fmt::format("{} {}\n", what, variable("RUNNER_TURN")));
  }
}

void put(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (got <= 0) {
      std::_Exit(98);
    }
    at += static_cast<std::size_t>(got);
  }
}

void sleep_ms(long milliseconds) {
  timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  while (::nanosleep(&left, &left) != 0) {
  }
}

[[noreturn]] void for_ever() {
  while (true) {
    ::pause();
  }
}

void git(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"git", "-c", "user.name=Fake Agent", "-c", "user.email=fake@example.invalid",
                    "-c", "commit.gpgsign=false"});
  std::vector<char*> argv;
  for (auto& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  pid_t pid = 0;
  int status = 0;
  if (::posix_spawnp(&pid, "git", nullptr, nullptr, argv.data(), ::environ) != 0 ||
      ::waitpid(pid, &status, 0) != pid || status != 0) {
    die("git failed");
  }
}

void commit(const std::string& message) {
  git({"add", "--all"});
  git({"commit", "--quiet", "--allow-empty", "-m", message});
}

void commits(int count) {
  for (int number = 1; number <= count; ++number) {
    const std::string name = fmt::format("fake-{}-{}.txt", ::getpid(), number);
    append(name, fmt::format("written by the fake agent, turn {}\n", variable("RUNNER_TURN")));
    commit(fmt::format("Add {}", name));
  }
}

// A grandchild in a session of its own that keeps the output open: what a tool left running looks
// like.
void leave_daemon(long milliseconds) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      ::signal(SIGTERM, SIG_IGN);
      ::signal(SIGHUP, SIG_IGN);
      log("daemon");
      sleep_ms(milliseconds);
      ::_exit(0);
    }
    ::_exit(0);
  }
  ::wait(nullptr);
}

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

void describe() {
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

struct Step {
  bool takes_argument = false;
  std::function<void(const std::string&)> run;
};

const std::map<std::string, Step>& steps() {
  static const std::map<std::string, Step> table = {
      {"exit", {true, [](const std::string& code) { std::exit(std::stoi(code)); }}},
      {"print", {true, [](const std::string& text) { put(text + "\n"); }}},
      {"print-raw", {true, [](const std::string& text) { put(text); }}},
      {"print-env", {true, [](const std::string& name) { put(variable(name.c_str()) + "\n"); }}},
      {"sleep", {true, [](const std::string& ms) { sleep_ms(std::stol(ms)); }}},
      {"hang", {false, [](const std::string&) { for_ever(); }}},
      {"ignore-term", {false, [](const std::string&) { ::signal(SIGTERM, SIG_IGN); }}},
      {"signal", {true, [](const std::string& number) { ::raise(std::stoi(number)); }}},
      {"commits", {true, [](const std::string& count) { commits(std::stoi(count)); }}},
      {"commit", {true, commit}},
      {"write", {true, [](const std::string& path) { append(path, "fake agent\n"); }}},
      {"usage",
       {true,
        [](const std::string& content) {
          std::ofstream(variable("RUNNER_TURN_DIR") + "/usage.json") << content;
        }}},
      {"spend",
       {true,  // one token more each 20 ms, up to the number given
        [](const std::string& most) {
          for (long tokens = 1; tokens <= std::stol(most); ++tokens) {
            std::ofstream(variable("RUNNER_TURN_DIR") + "/usage.json")
                << fmt::format("{{\"tokens\": {}}}", tokens);
            sleep_ms(20);
          }
        }}},
      {"phase", {true, [](const std::string& text) { report("phase", text); }}},
      {"blocked", {true, [](const std::string& text) { report("blocked", text); }}},
      {"note", {true, [](const std::string& text) { report("note", text); }}},
      {"flood",
       {true,
        [](const std::string& bytes) {
          const std::string line(1023, 'x');
          for (long left = std::stol(bytes); left > 0; left -= 1024) {
            put(line + "\n");
          }
        }}},
      {"endless",
       {false,
        [](const std::string&) {
          while (true) {
            put("and so on\n");
          }
        }}},
      {"binary",
       {false,
        [](const std::string&) {
          std::string bytes;
          for (int byte = 0; byte < 1024; ++byte) {
            bytes += static_cast<char>(byte % 256);
          }
          put(bytes);
        }}},
      {"daemon", {true, [](const std::string& ms) { leave_daemon(std::stol(ms)); }}},
      {"describe", {false, [](const std::string&) { describe(); }}},
      {"memory",
       {true,
        [](const std::string& bytes) {
          const auto size = std::stoul(bytes);
          void* memory = std::malloc(size);
          put(memory == nullptr ? "no memory\n" : "got memory\n");
          std::free(memory);
        }}},
      {"forge",
       {false,  // tries to end its own turn with a success that never was
        [](const std::string&) {
          const auto target = variable("RUNNER_TURN_DIR") + "/../exit.json";
          std::ofstream out(target);
          out << R"({"schema":1,"end":"exited","exit_code":0})";
          out.close();
          put(out.good() ? "forged\n" : "refused\n");
        }}},
  };
  return table;
}

Arguments read_script(const std::string& path) {
  Arguments result;
  std::ifstream file(path);
  if (!file) {
    die("no script " + path);
  }
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    if (!line.empty() && line.front() != '#') {
      result.push_back(line.substr(0, space));
      if (space != std::string::npos) {
        result.push_back(line.substr(space + 1));
      }
    }
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  log("started");
  Arguments arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments.front().starts_with("@")) {
    arguments = read_script(arguments.front().substr(1));
  }
  while (!arguments.empty()) {
    const auto step = steps().find(arguments.front());
    if (step == steps().end()) {
      die("unknown step " + arguments.front());
    }
    arguments.pop_front();
    std::string argument;
    if (step->second.takes_argument) {
      if (arguments.empty()) {
        die("a step lacks its argument");
      }
      argument = arguments.front();
      arguments.pop_front();
    }
    step->second.run(argument);
  }
  return 0;
}
