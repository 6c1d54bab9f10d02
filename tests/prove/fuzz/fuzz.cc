// Runs every fuzz target of the fuzz build: first over its seeds, then for some time over what it
// makes of them. A crash is a violation, its input is kept below build/ and printed.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/prove/frame/harness.h"
#include "tests/prove/frame/program.h"

namespace {

namespace fs = std::filesystem;
using prove::Options;
using prove::Record;

constexpr int kQuickSeconds = 20;
constexpr int kNightSeconds = 600;

std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63U];
    }
  }
  return out;
}

/// "stat::number_of_executed_units: 1234"
std::int64_t figure_after(const std::string& log, const std::string& word) {
  const std::size_t at = log.rfind(word);
  return at == std::string::npos ? 0 : std::atoll(log.c_str() + at + word.size());
}

/// The first line that says what was wrong.
std::string reason_in(const std::string& log) {
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    for (const char* word : {"broken: ", "runtime error: ", "ERROR: AddressSanitizer",
                             "ERROR: LeakSanitizer", "ERROR: libFuzzer", "terminate called"}) {
      if (line.find(word) != std::string::npos) {
        return line.substr(0, 300);
      }
    }
  }
  return log.substr(log.size() - std::min<std::size_t>(log.size(), 300));
}

class Target {
 public:
  Target(const Options& options, Record& record, fs::path program)
      : options_(options),
        record_(record),
        program_(std::move(program)),
        name_(program_.filename().string().substr(std::string("fuzz_").size())),
        seeds_(options.source + "/tests/fuzz/seeds/" + name_),
        scratch_(options.scratch + "/" + name_),
        kept_(options.source + "/build/fuzz-found") {}

  void run() {
    if (!fs::is_directory(seeds_)) {
      record_.violation(
          {.what = "the target " + name_ + " has no seeds", .where = name_, .seed = 0});
      return;
    }
    fs::create_directories(scratch_ + "/corpus");
    fs::create_directories(scratch_ + "/tmp");
    fs::create_directories(kept_);
    // A folder is only read as a corpus; with -runs=0 nothing is mutated.
    const bool seeds_hold = once({"-runs=0"}, "seeds", 120);
    if (seeds_hold) {
      const int seconds = static_cast<int>(options_.count(kQuickSeconds, kNightSeconds));
      if (once({"-max_total_time=" + std::to_string(seconds)}, "run", seconds + 120)) {
        record_.seen(name_ + " ran");
      }
    }
  }

 private:
  bool once(std::vector<std::string> how, const std::string& what, int deadline) {
    const std::string log_file = scratch_ + "/" + what + ".log";
    const std::string artifact = kept_ + "/" + name_ + "-";
    prove::Program program;
    program.argv = {program_.string()};
    program.argv.insert(program.argv.end(), how.begin(), how.end());
    for (const std::string& word :
         {std::string("-seed=") + std::to_string(options_.seed % 0xFFFF'FFFFU),
          std::string("-timeout=10"), std::string("-rss_limit_mb=2048"),
          std::string("-max_len=4096"), std::string("-print_final_stats=1"),
          "-artifact_prefix=" + artifact, scratch_ + "/corpus", seeds_}) {
      program.argv.push_back(word);
    }
    program.environment = prove::environment_with(
        {"TMPDIR=" + scratch_ + "/tmp", "ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1"});
    program.folder = scratch_;
    program.output = log_file;
    program.deadline = std::chrono::seconds(deadline);
    const prove::Ended ended = prove::run_program(program);
    const std::string log = prove::read_whole(log_file);
    record_.count("executions", figure_after(log, "stat::number_of_executed_units:"));
    record_.figure(name_ + " coverage", figure_after(log, " cov: "));
    if (ended.code == 0) {
      return true;
    }
    std::string found = "none was written";
    if (const std::size_t at = log.rfind("Test unit written to "); at != std::string::npos) {
      const std::size_t from = at + std::string("Test unit written to ").size();
      const std::string path = log.substr(from, log.find('\n', from) - from);
      found = path + " = " + base64(prove::read_whole(path));
    }
    record_.violation({.what = "the target " + name_ + " on its " + what + ": " + reason_in(log) +
                               "; input " + found,
                       .where = name_,
                       .seed = options_.seed});
    return false;
  }

  const Options& options_;
  Record& record_;
  fs::path program_;
  std::string name_;
  std::string seeds_;
  std::string scratch_;
  std::string kept_;
};

std::vector<fs::path> targets_in(const std::string& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with("fuzz_") &&
        ::access(entry.path().c_str(), X_OK) == 0) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::size_t sources_in(const std::string& folder) {
  std::error_code error;
  return static_cast<std::size_t>(std::count_if(
      fs::directory_iterator(folder, error), fs::directory_iterator(),
      [](const auto& entry) { return entry.path().filename().string().ends_with("_fuzz.cc"); }));
}

void harness(const Options& given, Record& record) {
  Options options = given;
  if (options.tier == prove::Tier::quick) {
    options.workers *= 4;  // the time of each is given; on two cores eight share them
  }
  const char* set = std::getenv("RUNNER_FUZZ_BUILD");
  const std::string build = set != nullptr ? set : options.source + "/build/fuzz";
  std::vector<fs::path> programs = targets_in(build + "/fuzz");
  if (programs.empty()) {
    record.skip("there is no fuzz build in " + build + " (./dev build fuzz; needs clang 19)");
    return;
  }
  const std::size_t known = sources_in(options.source + "/tests/fuzz");
  if (programs.size() < known) {
    record.violation({.what = "only " + std::to_string(programs.size()) + " of " +
                              std::to_string(known) + " fuzz targets are built in " + build,
                      .where = "",
                      .seed = 0});
  }
  if (!options.only.empty()) {
    std::erase_if(programs, [&](const fs::path& path) {
      return path.filename().string() != "fuzz_" + options.only;
    });
  }
  std::vector<Target> targets;
  for (const fs::path& program : programs) {
    targets.emplace_back(options, record, program);
    record.expect(program.filename().string().substr(5) + " ran");
  }
  prove::spread(options, record, static_cast<std::int64_t>(targets.size()),
                [&](std::int64_t index) { targets[static_cast<std::size_t>(index)].run(); });
  record.count("targets", static_cast<std::int64_t>(targets.size()));
}

}  // namespace

int main(int argc, char** argv) {
  return prove::main(argc, argv, "fuzz", harness);
}
