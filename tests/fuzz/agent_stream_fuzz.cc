// What an agent of a known kind prints, cut anywhere: read to the same end, never to less than was
// used before, never to a session that could be an option. The first byte says which kind, the
// second how it is cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runner/agents/failure.h"
#include "runner/agents/stream.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using runner::agents::StreamEvent;
using runner::agents::StreamReading;

constexpr jobs::TimePoint kNow{std::chrono::milliseconds(1'795'231'200'000)};
constexpr std::int64_t kMost = 2'000'000'000'000'000;

bool is_sane(const jobs::Usage& usage) {
  return usage.usd.micros >= 0 && usage.usd.micros <= kMost && usage.tokens >= 0 &&
         usage.turns == 0 && usage.seconds == 0;
}

void check_session(const std::string& id) {
  require(id.size() <= 100 && !id.starts_with('-'), "a session is no option");
  require(
      id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
          std::string::npos,
      "a session is a plain word");
}

StreamReading read(jobs::AgentKind kind, std::string_view bytes, std::size_t step,
                   std::vector<StreamEvent>& events) {
  runner::agents::StreamOptions options;
  options.session_used = {.usd = jobs::Usd{10}, .tokens = 100, .turns = 0, .seconds = 0};
  options.price = jobs::Price{.input = jobs::Usd{3'000'000},
                              .cached_input = jobs::Usd{300'000},
                              .output = jobs::Usd{15'000'000}};
  const auto reader = runner::agents::make_stream_reader(kind, options);
  jobs::Usage last;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    for (auto& event : reader->feed(bytes.substr(at, step), kNow)) {
      events.push_back(std::move(event));
    }
    if (const auto usage = reader->usage()) {
      require(is_sane(*usage), "usage is bounded");
      require(usage->usd >= last.usd && usage->tokens >= last.tokens, "what was used stays used");
      last = *usage;
    }
  }
  StreamReading reading = reader->finish(kNow);
  check_session(reading.session);
  require(!reading.until || *reading.until > kNow, "a time for another try lies ahead");
  require(reading.end != jobs::AgentEnd::none, "a stream of a known kind has an end");
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  constexpr jobs::AgentKind kKinds[] = {jobs::AgentKind::claude, jobs::AgentKind::codex,
                                        jobs::AgentKind::opencode};
  const jobs::AgentKind kind = kKinds[input.below(3)];
  const std::size_t step = 1 + input.byte();
  const std::string bytes = input.rest();
  std::vector<StreamEvent> pieces;
  std::vector<StreamEvent> whole;
  const StreamReading cut = read(kind, bytes, step, pieces);
  require(cut == read(kind, bytes, bytes.size() + 1, whole), "where it is cut changes nothing");
  require(pieces == whole, "where it is cut changes no event");
  if (const auto until = runner::agents::reset_in(bytes, kNow)) {
    require(*until > kNow && *until - kNow <= std::chrono::days(32), "a reset is near");
  }
  return 0;
}
