// What an agent says it used: never negative, never above what money can be, never less than it
// said before, and addable. Input: versions of the file, parted by "--" on a line of its own.
#include <cstddef>
#include <cstdint>
#include <string>

#include "runner/process/agent_files.h"
#include "runner/process/turn_files.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
namespace process = runner::process;

constexpr std::int64_t kMostMicros = 1'000'000'000'000'000;  // a billion dollars
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

bool is_sane(const jobs::Usage& usage) {
  return usage.usd.micros >= 0 && usage.usd.micros <= kMostMicros + 999'999 && usage.tokens >= 0 &&
         usage.tokens <= kMostTokens && usage.turns >= 0 && usage.turns <= kMostTokens &&
         usage.seconds >= 0 && usage.seconds <= kMostTokens;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const process::TurnPaths paths(folder.path);
  std::filesystem::create_directories(paths.agent);
  fuzz::Input input(data, size);
  process::AgentFiles files(paths, "usage.json");
  jobs::Usage last;
  jobs::Usage sum;
  for (int version = 0; version < 20 && !input.empty(); ++version) {
    const std::string text = input.part();
    if (const auto said = process::parse_agent_usage(text)) {
      require(is_sane(*said), "an agent's report is bounded");
    }
    if (const auto kept = process::parse_usage(text)) {
      require(is_sane(*kept), "what a supervisor kept is bounded");
      require(process::parse_usage(process::to_json(*kept)) == kept, "usage reads back as written");
      sum = sum + *kept;  // the sanitizer sees an overflow
    }
    fuzz::write_file(paths.agent + "/usage.json", text);
    if (const auto now = files.changed_usage()) {
      require(is_sane(*now), "the usage of a turn is bounded");
      require(now->usd >= last.usd && now->tokens >= last.tokens, "what was spent stays spent");
      last = *now;
      sum = sum + last;
    }
  }
  return 0;
}
