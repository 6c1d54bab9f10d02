#include "tests/support/playground.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/signals.h"
#include "tests/support/spawn.h"

namespace test_support {

namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = R"([fleet]
kill_switch = false
allow = ["acme/shop", "acme/lib"]
state_dir = "./state"

[budget]
fleet_day_usd = 20

[tracker.issues]
kind = "local"
path = "./issues"

[agent.coder]
kind = "command"
command = ["true"]

[defaults]
tracker = "issues"
agent = "coder"
test = ["true"]

[[repo]]
name = "acme/shop"
remote = "./remotes/shop.git"

[[repo]]
name = "acme/lib"
remote = "./remotes/lib.git"

[[repo]]
name = "acme/web"
remote = "./remotes/web.git"
)";

constexpr const char* kPermissions = "[permissions]\nalice = \"write\"\nmallory = \"read\"\n";

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Only what is safe between fork and exec: the argument and environment arrays are made before.
[[noreturn]] void become(const std::string& folder, char** argv, char** env) {
  if (chdir(folder.c_str()) == 0) {
    execve(argv[0], argv, env);
  }
  _exit(126);
}

std::vector<std::string> whole_command(const std::vector<std::string>& words) {
  const char* binary = std::getenv("RUNNER_BINARY");
  if (binary == nullptr || access(binary, X_OK) != 0) {
    // Going on would compare, or accept, the answers of nothing.
    std::fputs("RUNNER_BINARY must name the program to test\n", stderr);
    std::abort();
  }
  std::vector<std::string> all{binary};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

Playground::Playground(bool manifests, const std::string& parent) {
  const fs::path above = parent.empty() ? fs::temp_directory_path() : fs::path(parent);
  std::string pattern = (above / "runner-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    std::abort();
  }
  folder_ = fs::canonical(pattern).string();
  if (manifests) {
    write_file(folder_ + "/manifests/fleet.toml", kManifest);
    write_file(folder_ + "/manifests/issues/permissions.toml", kPermissions);
  }
}

Playground::~Playground() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> Playground::whole_environment() const {
  std::vector<std::string> all{"PATH=/usr/bin:/bin", "HOME=" + folder_, "TERM=xterm",
                               "LANG=C.UTF-8", "TZ=UTC",
                               // Who runs a command is recorded; here it is always the same person.
                               "SUDO_USER=alice"};
  all.insert(all.end(), environment.begin(), environment.end());
  // A sandbox hides the folder in which the agents of most tests keep their own books. Those that
  // are about it name its program.
  const bool named = std::ranges::any_of(
      environment, [](const std::string& each) { return each.starts_with("RUNNER_BUBBLEWRAP="); });
  if (!named) {
    all.emplace_back("RUNNER_BUBBLEWRAP=/nonexistent");
  }
  return all;
}

Answer Playground::run(const std::vector<std::string>& words) const {
  Started started = start_as(folder_ + "/.answer", words);
  // No command that is waited for here works for so long: one that does never ends.
  constexpr int kMilliseconds = 300'000;
  pollfd end{.fd = static_cast<int>(syscall(SYS_pidfd_open, started.pid(), 0)), .events = POLLIN};
  const bool endless = end.fd >= 0 && poll(&end, 1, kMilliseconds) == 0;
  close(end.fd);
  if (endless) {
    started.kill(SIGKILL);
  }
  Answer answer = started.finish();
  answer.error += endless ? "\nkilled: it did not end\n" : "";
  return answer;
}

Started Playground::start(const std::vector<std::string>& words) const {
  return start_as(folder_ + "/.answer" + std::to_string(++started_), words);
}

Started Playground::start_as(const std::string& base, const std::vector<std::string>& words) const {
  write_file(base + ".in", standard_input);
  const auto open_file = [&](const char* ending, int flags) {
    return open((base + ending).c_str(), flags | O_CLOEXEC, 0600);
  };
  const int in = open_file(".in", O_RDONLY);
  const int out = open_file(".out", O_WRONLY | O_CREAT | O_TRUNC);
  const int error = open_file(".err", O_WRONLY | O_CREAT | O_TRUNC);
  const pid_t child = spawn(whole_command(words), whole_environment(), folder_, in, out, error);
  close(in);
  close(out);
  close(error);
  if (child < 0) {
    std::perror("the program cannot be started");
    std::abort();
  }
  return {child, base};
}

Started::~Started() {
  if (pid_ > 0) {
    kill(SIGKILL);
    (void)finish();
  }
}

void Started::kill(int signal) const {
  (void)send_signal(pid_, signal);
}

bool Started::ended() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid_;
}

std::string Started::output() const {
  return content_of(files_ + ".out");
}

Answer Started::finish() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return {exit_code_of(status), content_of(files_ + ".out"), content_of(files_ + ".err")};
}

Answer Playground::run_on_terminal(const std::vector<std::string>& words) const {
  std::vector<std::string> command = whole_command(words);
  std::vector<std::string> variables = whole_environment();
  const std::vector<char*> argv = exec_pointers(command);
  const std::vector<char*> env = exec_pointers(variables);
  winsize size{};
  size.ws_col = 100;
  size.ws_row = 40;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    become(folder_, const_cast<char**>(argv.data()), const_cast<char**>(env.data()));
  }
  Answer answer;
  std::string buffer(4096, '\0');
  // A read fails with EIO when the last process has closed the other side.
  for (ssize_t got = 0; (got = read(terminal, buffer.data(), buffer.size())) > 0;) {
    answer.out.append(buffer, 0, static_cast<std::size_t>(got));
  }
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  answer.exit_code = exit_code_of(status);
  answer.out = replaced(answer.out, "\r\n", "\n");
  return answer;
}

std::string Playground::normalised(std::string text) const {
  text = replaced(std::move(text), folder_, "/playground");
  static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)");
  static const std::regex kVersion(R"(\b\d+\.\d+\.\d+\b)");
  static const std::regex kSeconds(R"((_seconds) \d[\d.e+]*)");
  // What this host's kernel allows, not what the program does.
  static const std::regex kContainment(
      R"re((containment here: |"containment": ")(pid-namespace|group))re");
  text = std::regex_replace(text, kContainment, "$1<containment>");
  static const std::regex kDisk(R"(\d+ MiB free)");
  text = std::regex_replace(text, kDisk, "<some> MiB free");
  text = std::regex_replace(text, kTime, "<some-time-in-utc-->");
  text = std::regex_replace(text, kSeconds, "$1 <seconds>");
  return std::regex_replace(text, kVersion, "<version>");
}

std::string Playground::state_snapshot() const {
  return snapshot_of(folder_ + "/manifests");
}

std::string snapshot_of(const std::string& folder) {
  std::ostringstream out;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with(".answer")) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    struct stat status{};
    (void)lstat(path.c_str(), &status);
    out << path.string() << " " << status.st_ino << " " << status.st_mode << " " << status.st_size
        << " " << status.st_mtim.tv_sec << "." << status.st_mtim.tv_nsec << "\n";
    if (S_ISREG(status.st_mode)) {
      out << content_of(path.string()) << "\n";
    }
  }
  return out.str();
}

}  // namespace test_support
