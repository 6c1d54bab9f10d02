// A turn directory in which every file holds any bytes: it is observed without a crash, and what
// is made of it is bounded and harmless. Input: a byte that says which files there are, then one
// part for each.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/time.h"
#include "jobs/model/run.h"
#include "runner/executors/observe.h"
#include "runner/executors/process_executor.h"
#include "runner/process/files.h"
#include "runner/process/turn_files.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
namespace process = runner::process;
namespace executors = runner::executors;

class FixedClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return jobs::TimePoint(std::chrono::hours(500'000)); }
  std::uint64_t random() override { return 4; }
};

/// What commands and the tick do with the times and amounts of a turn.
void use(const jobs::TurnFacts& facts, jobs::TimePoint now) {
  for (const auto& time : {facts.started_at, facts.last_output_at,
                           facts.exit ? facts.exit->at : std::optional<jobs::TimePoint>()}) {
    if (time) {
      require(jobs::format_time(*time).size() == 20, "a time is one of our era");
      (void)jobs::format_duration(now - *time);
    }
  }
  if (facts.usage) {
    const jobs::Usage twice = *facts.usage + *facts.usage;
    require(twice.usd.micros >= 0, "amounts can be added");
  }
}

void check(const jobs::TurnFacts& facts) {
  require(facts.output_tail.size() <= 8192, "the tail of the output is bounded");
  require(facts.notes.size() + facts.phases.size() <= 20'000, "reports are bounded");
  for (const std::string& note : facts.notes) {
    require(fuzz::is_safe_text(note, false), "a note is one harmless line");
  }
  for (const std::string& phase : facts.phases) {
    require(jobs::parse_phase(phase).has_value(), "a phase is a known one");
  }
  require(fuzz::is_safe_text(facts.blocked, false), "a reason is one harmless line");
  const bool ended = facts.state == jobs::TurnFacts::State::ended;
  require(facts.exit.has_value() == ended, "an ended turn, and only that, has an exit");
  require(facts.output_bytes >= 0, "a size is not negative");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  static FixedClock clock;
  static const auto executor = executors::make_process_executor(
      {.root = folder.path, .program = "/bin/false", .environment = {}, .clock = &clock});
  folder.clear();
  const process::TurnPaths paths(folder.path + "/r1/1");
  std::filesystem::create_directories(paths.agent);
  fuzz::Input input(data, size);
  const std::uint8_t which = input.byte();
  const std::array<const std::string*, 8> files{&paths.spec,   &paths.supervisor, &paths.exit,
                                                &paths.usage,  &paths.heartbeat,  &paths.events,
                                                &paths.output, &paths.reports};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if ((which >> i & 1U) != 0) {
      fuzz::write_file(*files.at(i), input.part());
    }
  }
  const auto facts = executor->observe(paths.directory);
  require(facts.has_value(), "any content of a turn directory is taken");
  check(*facts);
  use(*facts, clock.now());
  check(executors::observe_turn(paths, clock.now()));
  const auto list = executor->list();
  require(list && list->size() == 1, "a turn directory is found");
  return 0;
}
