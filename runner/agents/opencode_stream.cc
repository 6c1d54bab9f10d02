// opencode, `opencode run --format json`. As recorded from 1.18.33. It has no final event: the last
// step's reason has to do.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/agents/fields.h"
#include "runner/agents/stream_base.h"

namespace runner::agents {

namespace {

using jobs::AgentEnd;
using nlohmann::json;

class OpencodeStream final : public StreamBase {
 public:
  explicit OpencodeStream(const StreamOptions& options) : StreamBase(without_session(options)) {}

 protected:
  void object(const json& event) override {
    set_session(text_at(event, {"sessionID"}));
    const std::string type = text_at(event, {"type"});
    const json& part = value_at(event, {"part"});
    if (type == "step_start") {
      goes_on();
    } else if (type == "text") {
      goes_on();
      did();
      emit(EventKind::text, text_at(part, {"text"}));
    } else if (type == "tool_use") {
      goes_on();
      did();
      tool(part);
    } else if (type == "step_finish") {
      step_finish(part);
    } else if (type == "error") {
      error(value_at(event, {"error"}));
    }
  }

  StreamReading conclude() override {
    if (error_) {
      return *error_;
    }
    if (!last_reason_.empty() && !open_) {
      return {.end = end_of_reason(), .detail = detail_, .until = {}, .usage = {}, .session = {}};
    }
    return without_final_word();
  }

 private:
  /// Each step's usage is of that step alone.
  static StreamOptions without_session(StreamOptions options) {
    options.session_used = {};
    return options;
  }

  void goes_on() {
    open_ = true;
    error_.reset();
    unsay_final();
  }

  void tool(const json& part) {
    const json& state = value_at(part, {"state"});
    std::string text = text_at(state, {"title"});
    for (const char* key : {"command", "filePath", "pattern", "url"}) {
      if (std::string input = text_at(state, {"input", key}); !input.empty()) {
        text = std::move(input);
        break;
      }
    }
    const bool failed = text_at(state, {"status"}) == "error";
    emit(EventKind::tool, failed ? "failed: " + text_at(state, {"error"}) : text,
         text_at(part, {"tool"}));
  }

  void step_finish(const json& part) {
    open_ = false;
    last_reason_ = text_at(part, {"reason"});
    if (first_time(text_at(part, {"id"}))) {
      sums_ += {.input = count_at(part, {"tokens", "input"}).value_or(0) +
                         count_at(part, {"tokens", "cache", "write"}).value_or(0),
                .cached = count_at(part, {"tokens", "cache", "read"}).value_or(0),
                .output = count_at(part, {"tokens", "output"}).value_or(0) +
                          count_at(part, {"tokens", "reasoning"}).value_or(0)};
      micros_ = std::min(micros_ + micros_at(part, {"cost"}).value_or(0), kMostMicros);
      set_usage(sums_, micros_);
    }
    const AgentEnd end = end_of_reason();
    detail_ = end == AgentEnd::success || end == AgentEnd::empty
                  ? ""
                  : "its last step ended with the reason " + last_reason_;
    if (end != AgentEnd::unfinished) {
      say_final(end, detail_);
    }
  }

  [[nodiscard]] AgentEnd end_of_reason() const {
    if (last_reason_ == "stop") {
      return done() == 0 ? AgentEnd::empty : AgentEnd::success;
    }
    if (last_reason_ == "content-filter") {
      return AgentEnd::refused;
    }
    return last_reason_ == "length" || last_reason_ == "error" ? AgentEnd::failed
                                                               : AgentEnd::unfinished;
  }

  void error(const json& error) {
    const std::string name = text_at(error, {"name"});
    const std::string message = text_at(error, {"data", "message"});
    StreamReading reading;
    reading.detail = message.empty() ? name : message;
    const auto status = count_at(error, {"data", "statusCode"});
    const auto known = status
                           ? end_of_status(static_cast<int>(std::min<std::int64_t>(*status, 999)))
                           : std::nullopt;
    const Failure words = failure_of_words(name + " " + message, now());
    reading.end = known && words.end != AgentEnd::quota ? *known : words.end;
    reading.until = words.until;
    if (reading.end == AgentEnd::failed && status) {
      const Failure body = failure_of_words(text_at(error, {"data", "responseBody"}), now());
      reading.end = body.end;
      reading.until = body.until;
    }
    const bool waits = reading.end == AgentEnd::quota || reading.end == AgentEnd::overload;
    if (const std::string after = text_at(error, {"data", "responseHeaders", "retry-after"});
        waits && !reading.until && !after.empty()) {
      reading.until = reset_in(" in " + after + " s", now());
    }
    if (done() == 0 && last_reason_.empty()) {
      nothing_used();
    }
    emit(EventKind::error, reading.detail);
    say_final(reading.end, reading.detail);
    error_ = std::move(reading);
  }

  Tokens sums_;
  std::int64_t micros_ = 0;
  std::string last_reason_;
  std::string detail_;
  bool open_ = false;  ///< a step has begun and not ended
  std::optional<StreamReading> error_;
};

}  // namespace

std::unique_ptr<StreamReader> make_opencode_stream(const StreamOptions& options) {
  return std::make_unique<OpencodeStream>(options);
}

}  // namespace runner::agents
