#include "runner/process/turn_log.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"
#include "runner/process/files.h"

namespace runner::process {

namespace {

constexpr int kMostEvents = 10'000;
constexpr std::size_t kMostAgentBytes = std::size_t{2} << 20;
constexpr std::size_t kEventOverhead = 100;  // of the JSON around a text

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

}  // namespace

TurnLog::TurnLog(const TurnPaths& paths, std::int64_t most_output, Redactor redactor)
    : redactor_(redactor),
      errors_redactor_(redactor),
      events_redactor_(std::move(redactor)),
      output_(open_for_append(paths.output)),
      events_(open_for_append(paths.events)),
      most_output_(most_output) {}

void TurnLog::output(std::string_view chunk, jobs::TimePoint now, bool errors) {
  seen_ += static_cast<std::int64_t>(chunk.size());
  last_output_at_ = now;
  if (!full_) {
    Redactor& redactor = errors ? errors_redactor_ : redactor_;
    keep(RUNNER_PLANTED(log_is_raw) ? std::string(chunk) : redactor.feed(chunk), now);
  }
}

void TurnLog::finish_output(jobs::TimePoint now) {
  if (!full_) {
    keep(redactor_.finish(), now);
    if (!full_) {
      keep(errors_redactor_.finish(), now);
    }
  }
}

void TurnLog::keep(std::string_view redacted, jobs::TimePoint now) {
  if (most_output_ > 0) {
    const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, most_output_ - kept_));
    if (redacted.size() > room) {
      redacted = redacted.substr(0, room);
      full_ = true;
    }
  }
  kept_ += static_cast<std::int64_t>(redacted.size());
  if (auto written = write_all(output_.get(), redacted, "output.log"); !written) {
    full_ = true;
    event("output-truncated", written.error().message, now);
  } else if (full_) {
    event("output-truncated", fmt::format("only the first {} bytes of output are kept", kept_),
          now);
  }
}

void TurnLog::event(std::string_view type, std::string_view text, jobs::TimePoint now) {
  if (++event_count_ > kMostEvents && type != "ended") {
    return;
  }
  append({.at = now, .type = std::string(type), .text = std::string(text)});
}

void TurnLog::agent_event(TurnEvent event) {
  const bool always = event.type == "session" || event.type == "usage" || event.type == "result";
  if (!always && agent_bytes_ >= kMostAgentBytes) {
    if (!std::exchange(agent_cut_, true)) {
      append({.at = event.at,
              .type = "events-truncated",
              .text = "texts, tools and errors beyond this are in output.log alone"});
    }
    return;
  }
  agent_bytes_ += std::min(event.text.size(), kMostText) + kEventOverhead;
  if (agent_bytes_ < 2 * kMostAgentBytes || event.type == "result") {
    append(std::move(event));
  }
}

void TurnLog::append(TurnEvent event) {
  event.number = ++numbered_;
  event.text = events_redactor_.redact(event.text);
  event.name = events_redactor_.redact(event.name);
  if (event.text.size() > kMostText) {
    event.text = jobs::to_valid_utf8(event.text.substr(0, kMostText)) + "...";
  }
  const std::string line = to_json_line(event);
  // A lost event is not worth the turn; exit.json repeats what matters.
  [[maybe_unused]] const auto written = write_all(events_.get(), line, "events.ndjson");
}

}  // namespace runner::process
