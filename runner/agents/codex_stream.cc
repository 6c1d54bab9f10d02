// Codex, `codex exec --json`. As recorded from 0.169.0.
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/text.h"
#include "runner/agents/fields.h"
#include "runner/agents/stream_base.h"

namespace runner::agents {

namespace {

using jobs::AgentEnd;
using nlohmann::json;

class CodexStream final : public StreamBase {
 public:
  using StreamBase::StreamBase;

 protected:
  void object(const json& event) override {
    const std::string type = text_at(event, {"type"});
    if (type == "thread.started") {
      set_session(text_at(event, {"thread_id"}));
    } else if (type == "turn.started") {
      goes_on();
    } else if (type == "item.started") {
      started(value_at(event, {"item"}));
    } else if (type == "item.completed") {
      completed(value_at(event, {"item"}));
    } else if (type == "turn.completed") {
      turn_completed(event);
    } else if (type == "turn.failed") {
      turn_failed(text_at(event, {"error", "message"}));
    } else if (type == "error") {
      last_error_ = text_at(event, {"message"});
      emit(EventKind::error, last_error_);
    }
  }

  StreamReading conclude() override {
    if (reading_ && !went_on_) {
      return *reading_;
    }
    StreamReading reading = without_final_word();
    if (reading.end == AgentEnd::unfinished && reading_) {
      reading.detail = "it went on after its final word and said no other";
    } else if (reading.end == AgentEnd::unfinished && !last_error_.empty()) {
      const Failure failure = failure_of_words(last_error_, now());
      reading.end = failure.end == AgentEnd::failed ? AgentEnd::unfinished : failure.end;
      reading.until = failure.until;
      reading.detail = last_error_;
    }
    if (reading.end != AgentEnd::unfinished && done() == 0) {
      nothing_used();
    }
    return reading;
  }

 private:
  void goes_on() {
    went_on_ = true;
    unsay_final();
  }

  void started(const json& item) {
    if (text_at(item, {"type"}) == "command_execution") {
      goes_on();
      did();
      emit(EventKind::tool, text_at(item, {"command"}), "command");
    }
  }

  void completed(const json& item) {
    const std::string type = text_at(item, {"type"});
    if (type == "error") {
      // A remark such as that the model is not known: it stands in good runs too.
      emit(EventKind::error, text_at(item, {"message"}));
      return;
    }
    goes_on();
    did();
    if (type == "agent_message") {
      emit(EventKind::text, text_at(item, {"text"}));
    } else if (type == "command_execution") {
      const json& code = value_at(item, {"exit_code"});
      if (code.is_number_integer() && code != 0) {
        emit(EventKind::tool, fmt::format("failed: exit code {}", dumped(code)), "command");
      }
    } else if (type == "file_change") {
      std::string files;
      const json& changes = value_at(item, {"changes"});
      for (const json& change : changes.is_array() ? changes : json::array()) {
        files += (files.empty() ? "" : ", ") + text_at(change, {"path"});
      }
      emit(EventKind::tool, files, "file_change");
    } else if (type == "mcp_tool_call") {
      emit(EventKind::tool, text_at(item, {"server"}) + "." + text_at(item, {"tool"}), "mcp");
    } else if (type == "web_search") {
      emit(EventKind::tool, text_at(item, {"query"}), "web_search");
    }
  }

  void turn_completed(const json& event) {
    const json& usage = value_at(event, {"usage"});
    if (usage.is_object()) {
      // `input_tokens` has the cached ones in it, and all are sums over the session.
      const std::int64_t cached = count_at(usage, {"cached_input_tokens"}).value_or(0);
      const std::int64_t input = count_at(usage, {"input_tokens"}).value_or(0);
      set_usage({.input = input > cached ? input - cached : 0,
                 .cached = cached,
                 .output = count_at(usage, {"output_tokens"}).value_or(0)},
                std::nullopt);
      nothing_used();
    }
    StreamReading reading;
    reading.end = done() == 0 ? AgentEnd::empty : AgentEnd::success;
    finish_with(std::move(reading));
  }

  void turn_failed(const std::string& message) {
    const Failure failure = failure_of_words(message, now());
    StreamReading reading;
    reading.end = failure.end;
    reading.until = failure.until;
    reading.detail = message;
    if (done() == 0) {
      nothing_used();
    }
    finish_with(std::move(reading));
  }

  void finish_with(StreamReading reading) {
    went_on_ = false;
    say_final(reading.end, reading.detail);
    reading_ = std::move(reading);
  }

  std::optional<StreamReading> reading_;
  std::string last_error_;
  bool went_on_ = false;
};

}  // namespace

std::unique_ptr<StreamReader> make_codex_stream(const StreamOptions& options) {
  return std::make_unique<CodexStream>(options);
}

}  // namespace runner::agents
