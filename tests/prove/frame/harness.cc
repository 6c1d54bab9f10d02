#include "tests/prove/frame/harness.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tests/prove/frame/memory.h"

namespace prove {

namespace {

namespace fs = std::filesystem;

std::string variable(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string beside_this_program(const std::string& path) {
  std::error_code error;
  return (fs::read_symlink("/proc/self/exe", error).parent_path() / path).lexically_normal();
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// The version alone, "6.1.0": what builders of kernels add to it names machines.
std::string kernel() {
  utsname name{};
  if (::uname(&name) != 0) {
    return "unknown";
  }
  const std::string release = name.release;
  return release.substr(0, release.find_first_not_of("0123456789."));
}

void append_line(const std::string& path, const std::string& line) {
  std::ofstream out(path, std::ios::app);
  out << line << '\n';
  if (!out.flush()) {
    std::fprintf(stderr, "cannot append to %s\n", path.c_str());
  }
}

void print(const std::string& name, const Options& options, const Record& record, double seconds) {
  const auto parsed = nlohmann::ordered_json::parse(record.json());
  std::string line = name;
  for (const auto& [what, number] : parsed["counts"].items()) {
    line += ", " + std::to_string(number.get<std::int64_t>()) + " " + what;
  }
  std::printf("%s; %lld violations, seed %llu, %.1f s\n", line.c_str(),
              parsed["violations"].get<long long>(), static_cast<unsigned long long>(options.seed),
              seconds);
  for (const std::string& note : parsed.value("notes", std::vector<std::string>{})) {
    std::printf("  note: %s\n", note.c_str());
  }
  for (const Violation& each : record.violations()) {
    std::printf("  VIOLATION %s\n    at: %s\n    again: prove_%s --seed %llu --only '%s'\n",
                each.what.c_str(), each.where.c_str(), name.c_str(),
                static_cast<unsigned long long>(each.seed), each.where.c_str());
  }
  if (!record.skipped().empty()) {
    std::printf("  skipped: %s\n", record.skipped().c_str());
  }
}

}  // namespace

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::quick: return "quick";
    case Tier::night: return "night";
    case Tier::release: return "release";
  }
  return "";
}

std::uint64_t mix(std::uint64_t seed, std::string_view name, std::uint64_t number) {
  // FNV-1a over the name, then the finaliser of splitmix64.
  std::uint64_t value = 14695981039346656037ULL ^ seed;
  for (const char c : name) {
    value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  value += (number + 1) * 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

void spread(const Options& options, Record& record, std::int64_t count,
            const std::function<void(std::int64_t)>& work) {
  record.divide();
  std::atomic<std::int64_t> next = options.share - 1;
  const auto worker = [&] {
    for (std::int64_t index = next.fetch_add(options.shares); index < count;
         index = next.fetch_add(options.shares)) {
      if (options.until_first && record.failed()) {
        return;
      }
      try {
        work(index);
      } catch (const std::exception& error) {
        record.violation({.what = std::string("the harness itself failed: ") + error.what(),
                          .where = "case " + std::to_string(index),
                          .seed = options.seed});
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 1; i < options.workers; ++i) {
    threads.emplace_back(worker);
  }
  worker();
}

int main(int argc, char** argv, const std::string& name, const Harness& harness,
         int cases_per_core) {
  Options options;
  options.runner = variable("RUNNER_BINARY", beside_this_program("../bin/runner"));
  options.programs = variable("RUNNER_TEST_PROGRAMS", beside_this_program("../bin/tests"));
  options.source = variable("RUNNER_SOURCE_DIR", RUNNER_SOURCE_DIR);
  options.workers =
      cases_per_core * static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::string tier = "quick";
  std::string evidence;
  CLI::App app("Proves a promise of the runner: " + name);
  app.add_option("--tier", tier)->check(CLI::IsMember({"quick", "night", "release"}));
  app.add_option("--seed", options.seed);
  app.add_option("--only", options.only, "one case, by the words a violation printed");
  app.add_option("--planted", options.planted, "switch this planted bug on");
  app.add_flag("--until-first", options.until_first, "stop at the first violation");
  app.add_option("--workers", options.workers)->check(CLI::Range(1, 64));
  std::string share;
  app.add_option("--share", share,
                 "only one part of the cases, as 2/3, on its own line of evidence")
      ->check(CLI::Validator(
          [&options](const std::string& text) {
            const bool read =
                std::sscanf(text.c_str(), "%d/%d", &options.share, &options.shares) == 2;
            const bool right = read && options.share >= 1 && options.share <= options.shares;
            return std::string(right ? "" : "not a part such as 2/3");
          },
          "K/N"));
  app.add_option("--runner", options.runner, "the binary under test");
  app.add_option("--evidence", evidence, "append one JSON line to this file");
  app.add_flag("--keep", options.keep, "leave the folder of a violation behind");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!options.planted.empty() && variable("RUNNER_PLANTED", "") != options.planted) {
    // Anew with the variable set: a program that has the bugs in itself reads it before main, and
    // whatever is started inherits it.
    ::setenv("RUNNER_PLANTED", options.planted.c_str(), 1);
    ::execv("/proc/self/exe", argv);
    std::fprintf(stderr, "cannot start myself again\n");
    return 2;
  }
  options.tier = tier == "quick" ? Tier::quick : tier == "night" ? Tier::night : Tier::release;
  std::string scratch = (fs::temp_directory_path() / ("runner-prove-" + name + "-XXXXXX")).string();
  if (::mkdtemp(scratch.data()) == nullptr) {
    std::fprintf(stderr, "cannot make a folder like %s\n", scratch.c_str());
    return 2;
  }
  options.scratch = scratch;
  // What is to be left behind has to be on a disk.
  if (!options.keep) {
    (void)work_in_memory(scratch);
  }

  Record record;
  const auto begin = std::chrono::steady_clock::now();
  try {
    harness(options, record);
  } catch (const std::exception& error) {
    record.violation({.what = std::string("the harness itself failed: ") + error.what(),
                      .where = "",
                      .seed = options.seed});
  }
  if (options.shares > 1 && !record.divided() && record.skipped().empty() && !record.failed()) {
    std::fprintf(stderr, "%s does all it does at once: it has no parts\n", name.c_str());
    return 2;
  }
  if (record.skipped().empty() && options.only.empty() && !options.until_first) {
    for (const std::string& mark : record.unseen()) {
      record.violation(
          {.what = "the harness is blind: never seen: " + mark, .where = "", .seed = options.seed});
    }
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  if (!options.keep || !record.failed()) {
    leave_memory(scratch);
    std::error_code ignored;
    fs::remove_all(scratch, ignored);
  }
  print(name, options, record, wall.count());
  if (!evidence.empty()) {
    auto line = nlohmann::ordered_json::object();
    line["at"] = now_utc();
    line["harness"] = name;
    line["tier"] = tier;
    line["seed"] = options.seed;
    if (options.shares > 1) {
      line["share"] = share;
    }
    line["commit"] = variable("RUNNER_EVIDENCE_COMMIT", "unknown");
    line["tools"] = variable("RUNNER_EVIDENCE_TOOLS", "unknown");
    line["kernel"] = kernel();
    line["workers"] = options.workers;
    line["seconds"] = static_cast<double>(static_cast<long>(wall.count() * 10)) / 10;
    line.update(nlohmann::ordered_json::parse(record.json()));
    append_line(evidence, line.dump());
  }
  if (record.failed()) {
    return 1;
  }
  return record.skipped().empty() ? 0 : 77;
}

}  // namespace prove
