#include "runner/agents/stream_base.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"

namespace runner::agents {

using jobs::AgentEnd;
using nlohmann::json;

namespace {

constexpr std::size_t kMostStrays = 10;
constexpr std::size_t kMostStrayText = 500;
constexpr std::size_t kMostIds = 200'000;
constexpr std::size_t kMostSession = 100;

/// An id that may become an argument: never an option, never a path.
bool is_session_id(std::string_view id) {
  return !id.empty() && id.size() <= kMostSession && id.front() != '-' &&
         std::ranges::all_of(id, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

/// Micro-dollars for tokens, rounded up. In wide numbers: both factors may be large.
std::int64_t price_of(const Tokens& tokens, const jobs::Price& price) {
  const auto part = [](std::int64_t count, jobs::Usd per_million) {
    return static_cast<double>(count) * static_cast<double>(per_million.micros) / 1e6;
  };
  const double micros = part(tokens.input, price.input) + part(tokens.cached, price.cached_input) +
                        part(tokens.output, price.output);
  return static_cast<std::int64_t>(std::min(micros + 0.999, 1e15));
}

}  // namespace

Tokens& Tokens::operator+=(const Tokens& more) {
  input = std::min(input + more.input, kMostTokens);
  cached = std::min(cached + more.cached, kMostTokens);
  output = std::min(output + more.output, kMostTokens);
  return *this;
}

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::session: return "session";
    case EventKind::text: return "text";
    case EventKind::tool: return "tool";
    case EventKind::usage: return "usage";
    case EventKind::result: return "result";
    case EventKind::error: return "error";
  }
  return "error";
}

std::unique_ptr<StreamReader> make_stream_reader(jobs::AgentKind kind,
                                                 const StreamOptions& options) {
  switch (kind) {
    case jobs::AgentKind::command: return nullptr;
    case jobs::AgentKind::claude: return make_claude_stream(options);
    case jobs::AgentKind::codex: return make_codex_stream(options);
    case jobs::AgentKind::opencode: return make_opencode_stream(options);
  }
  return nullptr;
}

std::vector<StreamEvent> StreamBase::feed(std::string_view bytes, jobs::TimePoint now) {
  now_ = now;
  lines_.feed(bytes, [this](std::string_view text) { line(text); });
  return std::exchange(events_, {});
}

void StreamBase::feed_errors(std::string_view bytes) {
  error_lines_.feed(bytes, [this](std::string_view text) { keep_stray(text); });
}

StreamReading StreamBase::finish(jobs::TimePoint now) {
  now_ = now;
  lines_.finish([this](std::string_view text) { line(text); });
  error_lines_.finish([this](std::string_view text) { keep_stray(text); });
  StreamReading reading = conclude();
  const bool nobody_answered = reading.end == AgentEnd::no_session ||
                               reading.end == AgentEnd::authentication ||
                               reading.end == AgentEnd::quota || reading.end == AgentEnd::overload;
  if (done_ == 0 && nobody_answered) {
    nothing_used();
  }
  reading.session = session_;
  reading.usage = usage_;
  return reading;
}

std::optional<jobs::Usage> StreamBase::usage() const {
  return usage_;
}

void StreamBase::line(std::string_view text) {
  const std::string_view bare = jobs::trimmed(text);
  if (bare.empty()) {
    return;
  }
  json value;
  if (bare.front() == '{') {
    value = json::parse(bare, nullptr, false);
  }
  if (!value.is_object()) {
    ++stray_count_;
    keep_stray(bare);
    return;
  }
  ++objects_;
  object(value);
}

void StreamBase::keep_stray(std::string_view line) {
  if (jobs::trimmed(line).empty()) {
    return;
  }
  strays_.push_back(jobs::one_line(line, kMostStrayText));
  if (strays_.size() > kMostStrays) {
    strays_.pop_front();
  }
}

void StreamBase::emit(EventKind kind, std::string text, std::string name) {
  events_.push_back(
      {.kind = kind, .name = std::move(name), .text = std::move(text), .usage = std::nullopt});
}

void StreamBase::set_session(const std::string& id) {
  if (id != session_ && is_session_id(id)) {
    session_ = id;
    emit(EventKind::session, id);
  }
}

void StreamBase::set_usage(const Tokens& tokens, std::optional<std::int64_t> micros) {
  const std::int64_t all = tokens.input + tokens.output;
  const bool priced = options_.price && micros.value_or(0) == 0;
  const std::int64_t dollars = priced ? price_of(tokens, *options_.price) : micros.value_or(0);
  const jobs::Usage& before = options_.session_used;
  jobs::Usage next = usage_.value_or(jobs::Usage{});
  next.tokens = std::clamp(all - before.tokens, next.tokens, kMostTokens);
  next.usd.micros = std::clamp(dollars - before.usd.micros, next.usd.micros, kMostMicros);
  if (usage_ != next) {
    usage_ = next;
    emit(EventKind::usage, fmt::format("{} USD, {} tokens", next.usd.str(), next.tokens));
    events_.back().usage = usage_;
  }
}

void StreamBase::nothing_used() {
  usage_ = usage_.value_or(jobs::Usage{});
}

void StreamBase::say_final(AgentEnd end, const std::string& text) {
  final_ = true;
  emit(EventKind::result, text, std::string(jobs::to_string(end)));
  events_.back().usage = usage_;
}

bool StreamBase::first_time(const std::string& id) {
  if (id.empty()) {
    return true;
  }
  const std::uint64_t hash = jobs::fnv1a(id);
  if (seen_.contains(hash)) {
    return false;
  }
  if (seen_.size() < kMostIds) {
    seen_.insert(hash);
  }
  return true;
}

std::string StreamBase::strays() const {
  std::string text;
  for (const std::string& line : strays_) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

StreamReading StreamBase::without_final_word() const {
  StreamReading reading;
  const Failure failure = failure_of_words(strays(), now_);
  reading.until = failure.until;
  reading.end = failure.end == AgentEnd::failed ? AgentEnd::unfinished : failure.end;
  if (!strays_.empty()) {
    reading.detail = strays_.back();
  }
  if (reading.end != AgentEnd::unfinished) {
    return reading;
  }
  const std::int64_t skipped = lines_.skipped();
  if (objects_ == 0 && stray_count_ + skipped == 0) {
    reading.detail = "it printed no event" + (strays_.empty() ? "" : ": " + strays_.back());
  } else if (objects_ == 0) {
    reading.detail = fmt::format("its output is no stream of events: {}",
                                 strays_.empty() ? "lines without end" : strays_.back());
  } else {
    reading.detail = "it ended without a final event";
  }
  return reading;
}

}  // namespace runner::agents
