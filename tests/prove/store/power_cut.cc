#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "runner/store/store.h"
#include "tests/integration/store/faulty_vfs.h"
#include "tests/oracle/read_state.h"
#include "tests/prove/store/store.h"

namespace prove::store {

namespace {

constexpr int kRuns = 3;
constexpr int kPowerLost = 40;
constexpr int kBroken = 41;

jobs::TimePoint cut_time(std::int64_t second) {
  return jobs::TimePoint(std::chrono::seconds(1'790'000'000 + second));
}

jobs::Result<std::unique_ptr<jobs::Store>> open(const std::string& folder, const char* vfs) {
  return runner::store::open_store({.state_dir = folder,
                                    .now = cut_time(0),
                                    .owner_is_dead = [](const std::string&) { return false; },
                                    .file_system_of = {},
                                    .vfs = vfs});
}

void tell(int pipe, char what) {
  if (::write(pipe, &what, 1) != 1) {
    ::_exit(kBroken);
  }
}

/// Writes one run for each step and says so when the store says that it is written. The lights go
/// out before the write of this number.
[[noreturn]] void work(const std::string& folder, std::int64_t number, int pipe) {
  auto& disk = store_tests::FaultyVfs::instance();
  auto store = open(folder, store_tests::FaultyVfs::kName);
  if (!store) {
    ::_exit(kBroken);
  }
  std::int64_t writes = 0;
  disk.hook = [&](store_tests::FaultyVfs::Operation) {
    if (++writes == number) {
      disk.lose_power();
      ::_exit(kPowerLost);
    }
    return SQLITE_OK;
  };
  const auto lease = (*store)->acquire_lease("worker", cut_time(0), std::chrono::minutes(5));
  if (!lease ||
      !(*store)->begin_tick(*lease, {.id = jobs::TickId("t1"), .started_at = cut_time(0)})) {
    ::_exit(kBroken);
  }
  for (int i = 1; i <= kRuns; ++i) {
    jobs::Run run;
    run.id = jobs::RunId(fmt::format("r{:04}", i));
    run.issue = {jobs::RepoName(fmt::format("acme/repo{}", i)), i};
    run.body = std::string(static_cast<std::size_t>(i) * 3000, 'b');
    jobs::Change change;
    change.runs = {run};
    if (!(*store)->commit(*lease, jobs::TickId("t1"), change)) {
      ::_exit(kBroken);
    }
    tell(pipe, '.');
  }
  // After the last step as well: what was said to be written must be there.
  disk.lose_power();
  ::_exit(0);
}

}  // namespace

bool power_cut(const Options& options, Record& record, std::int64_t number,
               const std::string& folder) {
  const auto wrong = [&](const std::string& what) {
    record.violation({.what = "invariant 3: " + what,
                      .where = fmt::format("power cut {}", number),
                      .seed = options.seed});
  };
  std::filesystem::create_directories(folder);
  int ends[2] = {-1, -1};
  if (!open(folder, "") || ::pipe(ends) != 0) {
    wrong("a new state cannot be made");
    return false;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(folder, number, ends[1]);
  }
  ::close(ends[1]);
  std::size_t told = 0;
  for (char byte = 0; ::read(ends[0], &byte, 1) == 1;) {
    ++told;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kBroken;
  if (code == kBroken) {
    wrong("a step failed although the disk was sound");
  }
  if (const auto store = open(folder, ""); !store) {
    wrong("the state cannot be opened after a power cut: " + store.error().text());
  } else {
    oracle::Observation seen;
    oracle::read_state(folder, folder + "/copy", seen);
    if (!seen.state_damage.empty()) {
      wrong("the state is damaged by a power cut: " + seen.state_damage);
    }
    // One more may be there: written, but not yet said.
    if (seen.runs.size() < told || seen.runs.size() > told + 1) {
      wrong(fmt::format("{} steps were reported as written, {} are there", told, seen.runs.size()));
    }
  }
  std::filesystem::remove_all(folder);
  record.count("power cuts");
  return code == kPowerLost;
}

}  // namespace prove::store
