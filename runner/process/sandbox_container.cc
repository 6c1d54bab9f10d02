#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/process/container.h"
#include "runner/process/fd.h"
#include "runner/process/files.h"
#include "runner/process/identity.h"
#include "runner/process/init_container.h"
#include "runner/process/sandbox_init.h"
#include "runner/process/sandbox_plan.h"

namespace runner::process {

using jobs::ErrorKind;
using jobs::Result;

namespace {

// Below these numbers nothing of ours lies when bubblewrap starts.
constexpr int kSocket = 10;
constexpr int kPacked = 11;
constexpr int kOutput = 12;
constexpr int kErrors = 13;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

Fd memory_file(const char* name, std::string_view content) {
  Fd file(::memfd_create(name, MFD_CLOEXEC));
  if (file.valid() && !write_all(file.get(), content, name)) {
    file.reset();
  }
  return file;
}

std::string content_of(const Fd& file) {
  char buffer[1000];
  const ssize_t got = ::pread(file.get(), buffer, sizeof buffer, 0);
  return {buffer, got > 0 ? static_cast<std::size_t>(got) : 0U};
}

bool put(const char* path, const std::string& text) {
  const Fd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A network namespace with nothing in it, not even a loopback that is up; bubblewrap's own has one.
bool leave_the_network() {
  if (::unshare(CLONE_NEWNET) == 0) {
    return true;
  }
  const std::string uid = fmt::format("{0} {0} 1", ::geteuid());
  const std::string gid = fmt::format("{0} {0} 1", ::getegid());
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && put("/proc/self/setgroups", "deny") &&
         put("/proc/self/uid_map", uid) && put("/proc/self/gid_map", gid);
}

struct Descriptors {
  int null, complaints, socket, packed, output;
  int errors;  ///< -1 = none
};

[[noreturn]] void become_bubblewrap(const char* program, char* const* argv, char* const* env,
                                    const Descriptors& files, jobs::Network network, rlim_t mark,
                                    pid_t parent) {
  const auto complain = [&](const char* what) {
    const std::string text = fmt::format("{}: {}", what, system_error(errno, "", "").message);
    [[maybe_unused]] const auto said = ::write(files.complaints, text.data(), text.size());
    ::_exit(1);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    ::_exit(1);
  }
  if (network == jobs::Network::none && !leave_the_network()) {
    complain("no network namespace");
  }
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (mark != 0) {
    const rlimit marked{mark, mark};
    ::setrlimit(RLIMIT_RSS, &marked);
  }
  // Moved above the numbers that they get, so that no order can hurt.
  const auto moved = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 100); };
  const int socket = moved(files.socket);
  const int packed = moved(files.packed);
  const int output = moved(files.output);
  const int errors = files.errors < 0 ? -1 : moved(files.errors);
  const int complaints = moved(files.complaints);
  if (::setsid() < 0 || ::dup2(files.null, STDIN_FILENO) < 0 ||
      ::dup2(complaints, STDOUT_FILENO) < 0 || ::dup2(complaints, STDERR_FILENO) < 0 ||
      ::dup2(socket, kSocket) < 0 || ::dup2(packed, kPacked) < 0 || ::dup2(output, kOutput) < 0 ||
      (errors >= 0 && ::dup2(errors, kErrors) < 0)) {
    complain("descriptors");
  }
  ::syscall(SYS_close_range, 3U, 9U, 0U);
  ::syscall(SYS_close_range, errors >= 0 ? 14U : 13U, ~0U, 0U);
  ::execve(program, argv, env);
  complain("cannot execute bubblewrap");
  ::_exit(1);
}

Result<std::string> own_program() {
  char buffer[4096];
  const ssize_t got = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  std::string path(buffer, got > 0 ? static_cast<std::size_t>(got) : 0U);
  if (!exists(path)) {
    return jobs::fail(ErrorKind::denied,
                      "a sandbox needs the runner's own program, which was removed or replaced");
  }
  return path;
}

}  // namespace

Result<std::unique_ptr<Container>> start_in_sandbox(const Launch& what, const SandboxNeeds& needs,
                                                    const TurnPaths& paths) {
  if (needs.bubblewrap.empty()) {
    return jobs::fail(ErrorKind::denied,
                      "there is no bubblewrap (the program bwrap) on the runner's PATH");
  }
  RUNNER_ASSIGN(const std::string runner, own_program());
  RUNNER_ASSIGN(const SandboxPlan plan, plan_sandbox(what, needs, paths, runner));
  std::vector<std::string> words = bubblewrap_arguments(plan, what.network);
  for (const std::string& word :
       {runner, std::string(kSandboxInit), std::to_string(kSocket), std::to_string(kPacked),
        std::to_string(kOutput), std::to_string(what.errors < 0 ? -1 : kErrors)}) {
    words.push_back(word);
  }
  std::vector<std::string> variables;
  if (!what.marker.empty()) {
    variables.push_back(what.marker);  // so that a census finds bubblewrap too
  }
  const auto argv = pointers(words);
  const auto env = pointers(variables);

  Launch inside = what;
  inside.processes += inside.processes > 0 ? 1 : 0;  // init counts too
  const Fd packed = memory_file("launch", pack(inside));
  const Fd complaints = memory_file("complaints", {});
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  int pair[2] = {-1, -1};
  if (!packed.valid() || !complaints.valid() || !null.valid() ||
      ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return system_error(errno, "make", "what a sandbox is started with");
  }
  Fd ours(pair[0]);
  Fd theirs(pair[1]);
  const rlim_t mark = what.marker.empty() ? 0 : limit_of(what.marker);
  const Descriptors files{.null = null.get(),
                          .complaints = complaints.get(),
                          .socket = theirs.get(),
                          .packed = packed.get(),
                          .output = what.output,
                          .errors = what.errors};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    become_bubblewrap(needs.bubblewrap.c_str(), argv.data(), env.data(), files, what.network, mark,
                      parent);
  }
  if (child < 0) {
    return system_error(errno, "fork for", needs.bubblewrap);
  }
  theirs.reset();
  auto container = std::make_unique<InitContainer>("sandbox", child, std::move(ours));
  if (!container->await_ready()) {
    const std::string said = jobs::one_line(content_of(complaints), 400);
    return jobs::fail(ErrorKind::denied, fmt::format("bubblewrap cannot make a sandbox here: {}",
                                                     said.empty() ? "it said nothing" : said));
  }
  RUNNER_TRY(container->let_go());
  return std::unique_ptr<Container>(std::move(container));
}

}  // namespace runner::process
