// What an agent says while its turn runs, in its files or, of a known kind, in its stream, and what
// that comes to at the end.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "runner/process/files.h"
#include "runner/process/turn_clock.h"
#include "runner/process/turn_loop.h"
#include "runner/wall_clock.h"

namespace runner::process {

void TurnLoop::keep_usage(const jobs::Usage& usage) {
  usage_.usd = std::max(usage_.usd, usage.usd);
  usage_.tokens = std::max(usage_.tokens, usage.tokens);
  usage_.turns = 1;
  usage_.seconds = (elapsed() - started_ + 999) / 1000;
  // Replaced, not synced: after a power cut an older value only means that more than was used is
  // charged.
  [[maybe_unused]] const auto written = replace(paths_.usage, to_json(usage_));
  RUNNER_POINT_ONLY(usage_written);
}

void TurnLoop::look_at_agent_files() {
  if (const auto usage = agent_files_.changed_usage()) {
    keep_usage(*usage);
    log_.event("usage", fmt::format("{} USD, {} tokens", usage_.usd.str(), usage_.tokens),
               wall_clock());
    heard_ = true;
    last_sign_ = awake();
  }
  for (const auto& report : agent_files_.new_reports()) {
    log_.event(report.type, report.text, wall_clock());
    heard_ = true;
    last_sign_ = awake();
  }
}

void TurnLoop::take(std::vector<agents::StreamEvent> events) {
  for (auto& event : events) {
    log_.agent_event({.at = wall_clock(),
                      .type = std::string(agents::to_string(event.kind)),
                      .text = std::move(event.text),
                      .name = std::move(event.name),
                      .usage = event.usage});
  }
  if (const auto usage = stream_->usage(); usage && !events.empty()) {
    keep_usage(*usage);
  }
  if (!stream_->final_word()) {
    final_at_.reset();
  } else if (!final_at_) {
    final_at_ = last_sign_;
  }
}

void TurnLoop::read_agent_end(jobs::TurnExit& exit) {
  if (!stream_ || !container_) {
    return;  // it never ran
  }
  take(stream_->feed("\n", wall_clock()));  // the last line may lack its end
  const agents::StreamReading reading = stream_->finish(wall_clock());
  if (reading.usage) {
    keep_usage(*reading.usage);
  }
  exit.agent = reading.end;
  exit.until = reading.until;
  exit.detail += fmt::format("; its agent: {}", jobs::to_string(reading.end));
  if (!reading.detail.empty() && reading.end != jobs::AgentEnd::success) {
    exit.detail += ": " + jobs::one_line(log_.redacted(reading.detail), 400);
  }
}

}  // namespace runner::process
