// Every reader of JSON that we wrote ourselves: any bytes are read or refused, and what was read is
// written and read again as the same. The first byte chooses the reader.
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/time.h"
#include "runner/process/turn_files.h"
#include "runner/store/cells.h"
#include "runner/store/rows.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
namespace process = runner::process;
namespace store = runner::store;

void check_spec(const std::string& text) {
  const auto spec = process::parse_spec(text);
  if (!spec) {
    return;
  }
  require(!spec->argv.empty() && spec->number > 0, "a turn has a program and a number");
  require(spec->deadline.count() >= 0 && spec->grace.count() >= 0, "a limit is not negative");
  require(spec->processes >= 0 && spec->memory_bytes >= 0, "a limit is not negative");
  const jobs::Usage twice = spec->reserved + spec->reserved;
  require(twice.usd.micros >= 0 && twice.tokens >= 0, "a reservation is not negative");
  const std::string written = process::to_json(*spec);
  const auto again = process::parse_spec(written);
  require(again && process::to_json(*again) == written, "a spec reads back as written");
}

void check_supervisor(const std::string& text) {
  const auto file = process::parse_supervisor(text);
  if (!file) {
    return;
  }
  require(file->identity.pid > 0, "a pid is positive");
  require(jobs::format_time(file->started_at).size() == 20, "a time is one of our era");
  const std::string written = process::to_json(*file);
  const auto again = process::parse_supervisor(written);
  require(again && process::to_json(*again) == written, "supervisor.json reads back as written");
}

void check_exit(const std::string& text) {
  const auto file = process::parse_exit(text);
  if (!file) {
    return;
  }
  const jobs::TurnExit& exit = file->exit;
  require(exit.end != jobs::TurnEnd::exited || (exit.exit_code >= 0 && exit.exit_code <= 255),
          "an exit code is one byte");
  // No word about the code is not success.
  require(exit.end != jobs::TurnEnd::exited || text.find("exit_code") != std::string::npos ||
              text.find("\\u") != std::string::npos,
          "an exit code is never made up");
  require(file->last.output_bytes >= 0, "a size is not negative");
  const std::string written = process::to_json(*file);
  const auto again = process::parse_exit(written);
  require(again && process::to_json(*again) == written, "exit.json reads back as written");
}

void check_heartbeat(const std::string& text) {
  const auto beat = process::parse_heartbeat(text);
  if (!beat) {
    return;
  }
  require(jobs::format_time(beat->at).size() == 20, "a time is one of our era");
  const std::string written = process::to_json(*beat);
  const auto again = process::parse_heartbeat(written);
  require(again && process::to_json(*again) == written, "a heartbeat reads back as written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t reader = input.below(6);
  const std::string text = input.rest();
  switch (reader) {
    case 0: check_spec(text); break;
    case 1: check_supervisor(text); break;
    case 2: check_exit(text); break;
    case 3: check_heartbeat(text); break;
    case 4: {
      const auto list = store::list_from_text(text);
      require(!list || store::list_from_text(store::list_to_text(*list)) == list,
              "a list reads back as written");
      break;
    }
    default: {
      const auto gates = store::gates_from_text(text);
      if (gates) {
        const std::string written = store::gates_to_text(*gates);
        const auto again = store::gates_from_text(written);
        require(again && store::gates_to_text(*again) == written, "gates read back as written");
      }
      break;
    }
  }
  return 0;
}
