#include "tests/sim_support/prove.h"

#include <atomic>
#include <cstdio>

#include <fmt/format.h>

#include "tests/sim_support/simulate.h"

namespace sim {

namespace {

/// The script and the port calls of one world, for a reader.
void show(const Named& named, Profile profile, prove::Record& record) {
  const Script script = make_script(named.seed, profile);
  std::printf("script of seed %llu:\n", static_cast<unsigned long long>(named.seed));
  for (const Step& step : script.steps) {
    if (!named.dropped.contains(step.id)) {
      std::printf("  %s\n", describe(step).c_str());
    }
  }
  const Result result = simulate(named.seed, profile, named.dropped, true);
  std::int64_t begin = result.lines.empty() ? 0 : result.lines.front().at;
  for (const Trace::Line& line : result.lines) {
    const std::int64_t passed = line.at - begin;
    std::printf("  %3lld:%02lld:%02lld.%03lld  tick %-3d  %-22s %s\n",
                static_cast<long long>(passed / 3'600'000),
                static_cast<long long>(passed / 60'000 % 60),
                static_cast<long long>(passed / 1000 % 60), static_cast<long long>(passed % 1000),
                line.tick, line.what.c_str(), line.result.c_str());
  }
  for (const std::string& finding : result.findings) {
    record.violation(
        {.what = finding, .where = name_of(named.seed, named.dropped), .seed = named.seed});
  }
}

void report(std::uint64_t seed, Profile profile, const Result& result, prove::Record& record,
            std::uint64_t told) {
  const std::string& finding = result.findings.front();
  const std::set<int> dropped = shrink(seed, profile, finding);
  std::string steps;
  for (const Step& step : make_script(seed, profile).steps) {
    if (!dropped.contains(step.id)) {
      steps += "\n      " + describe(step);
    }
  }
  record.violation(
      {.what = finding + "; it takes:" + steps, .where = name_of(seed, dropped), .seed = told});
}

}  // namespace

void prove_worlds(const prove::Options& options, prove::Record& record, Profile profile,
                  const std::string& what, std::int64_t wanted) {
  if (!options.only.empty()) {
    show(parse_name(options.only), profile, record);
    return;
  }
  for (const std::string& mark : expected_marks(profile)) {
    record.expect(mark);
  }
  std::atomic<std::int64_t> done = 0;
  std::atomic<int> reported = 0;
  // More worlds than could be needed: the work stops when enough is counted.
  prove::spread(options, record, wanted, [&](std::int64_t index) {
    if (done.load() >= wanted || reported.load() >= 12) {
      return;
    }
    const std::uint64_t seed = prove::mix(options.seed, "world", static_cast<std::uint64_t>(index));
    const Result result = simulate(seed, profile, {}, false);
    if (index % 100 == 0) {
      record.count("worlds lived through twice");
      if (simulate(seed, profile, {}, false).hash != result.hash) {
        record.violation({.what = "the same seed gave two different traces",
                          .where = name_of(seed, {}),
                          .seed = options.seed});
      }
    }
    record.count("worlds");
    for (const auto& [name, number] : result.counts) {
      record.count(name, number);
    }
    for (const auto& [mark, times] : result.marks) {
      record.seen(mark);
    }
    const auto counted = result.counts.find(what);
    done += counted == result.counts.end() ? 0 : counted->second;
    if (!result.findings.empty() && reported.fetch_add(1) < 12) {
      report(seed, profile, result, record, options.seed);
    }
  });
}

}  // namespace sim
