// Runs the test programs of a build with sanitizers: a report of a sanitizer, or a test that fails
// only there, is a violation. Quick: the unit tests under address and undefined behaviour, of the
// fuzz build. Night: everything that build has, the same of the asan build, and what runs threads
// under the thread sanitizer.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/program.h"

namespace {

namespace fs = std::filesystem;
using prove::Options;
using prove::Record;

constexpr const char* kReports[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                    "WARNING: ThreadSanitizer", "runtime error: "};

struct Build {
  std::string folder;
  std::string name;                   ///< "address", "thread"
  std::vector<std::string> prefixes;  ///< of the test programs that are run
};

struct Suite {
  fs::path program;
  std::string build;
  std::string folder;
};

std::string from_environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::vector<Suite> suites_of(const Build& build) {
  std::vector<Suite> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(build.folder + "/tests", error)) {
    const std::string name = entry.path().filename().string();
    const bool wanted = std::ranges::any_of(
        build.prefixes, [&](const std::string& prefix) { return name.starts_with(prefix); });
    if (wanted && ::access(entry.path().c_str(), X_OK) == 0) {
      found.push_back({.program = entry.path(), .build = build.name, .folder = build.folder});
    }
  }
  std::ranges::sort(found, {}, &Suite::program);
  return found;
}

/// "[==========] 224 tests from 46 test suites ran."
std::int64_t tests_in(const std::string& log) {
  const std::size_t ran = log.rfind(" ran.");
  const std::size_t line = log.rfind("[==========] ", ran);
  return ran == std::string::npos || line == std::string::npos
             ? 0
             : std::atoll(log.c_str() + line + std::string_view("[==========] ").size());
}

void run_suite(const Options& options, Record& record, const Suite& suite) {
  const std::string name = suite.build + " " + suite.program.filename().string();
  const std::string base =
      options.scratch + "/" + suite.build + "-" + suite.program.filename().string();
  fs::create_directories(base + ".tmp");
  prove::Program program;
  program.argv = {suite.program.string(), "--gtest_brief=1"};
  program.environment = prove::environment_with(
      {"TMPDIR=" + base + ".tmp",
       "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:detect_leaks=1",
       "UBSAN_OPTIONS=print_stacktrace=1",
       // libgit2 and SQLite are not instrumented; what is reported must be ours.
       "TSAN_OPTIONS=second_deadlock_stack=1:ignore_noninstrumented_modules=1",
       "RUNNER_BINARY=" + suite.folder + "/bin/runner",
       "RUNNER_TEST_PROGRAMS=" + suite.folder + "/bin/tests", "RUNNER_SOURCE_DIR=" + options.source,
       "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C.UTF-8"});
  program.folder = suite.folder;
  program.output = base + ".log";
  program.deadline = std::chrono::seconds(options.count(300, 7200));
  const prove::Ended ended = prove::run_program(program);
  const std::string log = prove::read_whole(program.output);
  const std::int64_t tests = tests_in(log);
  record.count("tests", tests);
  record.count("suites");
  if (tests > 0) {
    record.seen(name + " ran tests");
  }
  std::string report;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line) && report.empty();) {
    for (const char* word : kReports) {
      if (line.find(word) != std::string::npos) {
        report = line.substr(0, 400);
        record.count("reports");
      }
    }
  }
  if (ended.code != 0 || !report.empty()) {
    std::string failed;
    for (std::size_t at = log.find("[  FAILED  ] "); at != std::string::npos && failed.size() < 300;
         at = log.find("[  FAILED  ] ", at + 1)) {
      failed += " " + log.substr(at + 13, log.find_first_of(" \n", at + 13) - at - 13);
    }
    record.violation({.what = name + " ended with " + std::to_string(ended.code) +
                              (ended.too_late ? " (too late)" : "") + ": " +
                              (report.empty() ? "failed:" + failed : report),
                      .where = name,
                      .seed = options.seed});
  }
}

void harness(const Options& options, Record& record) {
  const std::string clang =
      from_environment("RUNNER_SANITIZED_BUILD", options.source + "/build/fuzz");
  std::vector<Build> builds{{.folder = clang, .name = "address", .prefixes = {"unit_"}}};
  if (options.tier != prove::Tier::quick) {
    builds.push_back(
        {.folder = from_environment("RUNNER_ASAN_BUILD", options.source + "/build/asan"),
         .name = "address-gcc",
         .prefixes = {"unit_", "contract_", "integration_", "crash_"}});
    builds.push_back(
        {.folder = from_environment("RUNNER_TSAN_BUILD", options.source + "/build/tsan"),
         .name = "thread",
         .prefixes = {"unit_runner", "contract_", "integration_store", "integration_executor",
                      "crash_"}});
  }
  std::vector<Suite> suites;
  for (const Build& build : builds) {
    const std::vector<Suite> found = suites_of(build);
    if (found.empty()) {
      if (build.name == "address") {
        record.skip("there are no test programs in " + build.folder +
                    "/tests (./dev build fuzz; needs clang 19)");
        return;
      }
      record.violation({.what = "no test programs in " + build.folder + "/tests",
                        .where = build.name,
                        .seed = 0});
    }
    suites.insert(suites.end(), found.begin(), found.end());
  }
  if (!options.only.empty()) {
    std::erase_if(suites, [&](const Suite& suite) {
      return suite.build + " " + suite.program.filename().string() != options.only;
    });
  }
  for (const Suite& suite : suites) {
    record.expect(suite.build + " " + suite.program.filename().string() + " ran tests");
  }
  prove::spread(options, record, static_cast<std::int64_t>(suites.size()), [&](std::int64_t index) {
    run_suite(options, record, suites[static_cast<std::size_t>(index)]);
  });
}

}  // namespace

int main(int argc, char** argv) {
  return prove::main(argc, argv, "sanitizers", harness);
}
