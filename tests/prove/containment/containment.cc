// Which children of an agent can outlive it: each shape in each containment that this machine
// allows, with each death. Cases are named MODE/DEATH, for example `--only group-root/supervisor`.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/prove/containment/fleet_case.h"
#include "tests/prove/frame/harness.h"

namespace prove::containment {
namespace {

using Json = nlohmann::json;

void become_other(bool other_user) {
  if (other_user && ::geteuid() == 0 &&
      (::setresgid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0 ||
       ::setresuid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0)) {
    ::_exit(126);
  }
}

/// Asked of the kernel itself: what the product would choose is not evidence.
std::string why_no_namespace(bool other_user) {
  const unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD |
                              (other_user ? static_cast<unsigned long>(CLONE_NEWUSER) : 0UL);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
  if (pid == 0) {
    ::_exit(0);
  }
  if (pid < 0) {
    return std::string("the kernel refuses PID namespaces: ") + std::strerror(errno);
  }
  ::waitpid(pid, nullptr, 0);
  return {};
}

/// A sandbox that shows everything and ends at once.
std::string why_no_sandbox(bool other_user) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_other(other_user);
    ::execlp("bwrap", "bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true",
             nullptr);
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0 ? "" : "bubblewrap is not installed, or does not work for this user";
}

/// A group below our own, in a tree that is really one of version 2 (the name of the file system is
/// asked, since a folder can be made anywhere).
std::string why_no_cgroup(bool other_user) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_other(other_user);
    ::execlp("sh", "sh", "-c",
             "at=$(awk '$3 == \"cgroup2\" { print $2; exit }' /proc/self/mounts) && "
             "in=$(sed -n 's/^0:://p' /proc/self/cgroup) && test -n \"$at\" && "
             "mkdir \"$at$in/prove-$$\" && test -e \"$at$in/prove-$$/cgroup.kill\"; "
             "r=$?; rmdir \"$at$in/prove-$$\"; exit $r",
             nullptr);
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0 ? "" : "this user may not make control groups of version 2 here";
}

std::string why_not(const Mode& mode) {
  const std::string containment = mode.containment;
  if (!mode.other_user && ::geteuid() != 0) {
    return "not root";
  }
  if (containment == "sandbox") {
    return why_no_sandbox(mode.other_user);
  }
  if (containment == "cgroup") {
    return why_no_cgroup(mode.other_user);
  }
  return containment == "namespace" ? why_no_namespace(mode.other_user) : std::string();
}

/// `prove_containment case MODE DEATH TIER PLANTED`: one fleet; its result as JSON on standard
/// output.
int run_case(const char* mode_name, const std::string& death, const std::string& planted,
             bool patient) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  Json out;
  for (const Mode& mode : kModes) {
    if (std::string(mode_name) != mode.name) {
      continue;
    }
    try {
      const CaseResult result = run_fleet(mode, death, planted, patient);
      out["counts"] = result.counts;
      out["marks"] = result.marks;
      out["violations"] = result.violations;
      out["notes"] = result.notes;
    } catch (const std::exception& error) {
      out["error"] = error.what();
    }
  }
  std::puts(out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return 0;
}

std::string output_of(const std::vector<std::string>& words) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {};
  }
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string out;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return out;
}

void take(const Json& result, const std::string& name, Record& record) {
  if (!result.is_object() || result.contains("error")) {
    const std::string why = result.is_object() ? result.at("error").get<std::string>() : "it died";
    record.violation({.what = "the harness: its fleet did not work: " + why, .where = name});
    return;
  }
  record.count("cases");
  for (const Json& count : result.at("counts")) {
    record.count(count.at(0).get<std::string>(), count.at(1).get<std::int64_t>());
  }
  for (const Json& mark : result.at("marks")) {
    record.seen(mark.get<std::string>());
  }
  for (const Json& violation : result.at("violations")) {
    record.violation({.what = violation.get<std::string>(), .where = name});
  }
}

void harness(const Options& options, Record& record) {
  ::setenv("RUNNER_BINARY", options.runner.c_str(), 1);
  ::setenv("RUNNER_TEST_PROGRAMS", options.programs.c_str(), 1);
  struct Case {
    const Mode* mode;
    const char* death;
  };
  std::vector<Case> cases;
  const std::int64_t rounds = options.only.empty() ? options.count(1, 20) : 1;
  for (const Mode& mode : kModes) {
    if (const std::string why = why_not(mode); !why.empty()) {
      record.note(std::string(mode.name) + " skipped: " + why);
      record.count("modes skipped");
      continue;
    }
    record.count("modes");
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (const char* death : kDeaths) {
        const std::string name = std::string(mode.name) + "/" + death;
        if (options.only.empty() || options.only == name) {
          cases.push_back({&mode, death});
        }
      }
    }
    for (const char* shape : kShapes) {
      if (options.only.empty() && options.planted.empty()) {
        record.expect("alive " + std::string(shape) + " " + mode.name);
      }
    }
  }
  spread(options, record, static_cast<std::int64_t>(cases.size()), [&](std::int64_t index) {
    const Case& each = cases[static_cast<std::size_t>(index)];
    const std::string name = std::string(each.mode->name) + "/" + each.death;
    const std::string out = output_of({"prove_containment", "case", each.mode->name, each.death,
                                       std::string(to_string(options.tier)), options.planted});
    take(Json::parse(out, nullptr, /*allow_exceptions=*/false), name, record);
  });
}

}  // namespace
}  // namespace prove::containment

int main(int argc, char** argv) {
  using namespace prove::containment;
  if (argc == 6 && std::string(argv[1]) == "case") {
    return run_case(argv[2], argv[3], argv[5], std::string(argv[4]) != "quick");
  }
  return prove::main(argc, argv, "containment", harness, 2);
}
