// Claude Code, `-p --output-format stream-json --verbose`. As recorded from 2.1.197 and 2.1.329.
#include <algorithm>
#include <map>
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

/// A success that says one of these is none: older versions put a failure into the text only.
constexpr std::string_view kErrorTexts[] = {"API Error", "Claude AI usage limit reached",
                                            "Claude usage limit reached",
                                            "Credit balance is too low", "Invalid API key"};

bool is_error_text(const std::string& text) {
  return std::ranges::any_of(kErrorTexts,
                             [&](std::string_view begin) { return text.starts_with(begin); });
}

/// What a tool is used on, in one line: the telling one of its arguments.
std::string tool_text(const json& input) {
  for (const char* key :
       {"command", "file_path", "path", "pattern", "query", "url", "prompt", "description"}) {
    if (std::string text = text_at(input, {key}); !text.empty()) {
      return text;
    }
  }
  return input.is_object() && !input.empty() ? dumped(input) : std::string();
}

class ClaudeStream final : public StreamBase {
 public:
  explicit ClaudeStream(const StreamOptions& options)
      : StreamBase(without_session(options)), used_before_(options.session_used) {}

 protected:
  void object(const json& event) override {
    const std::string type = text_at(event, {"type"});
    if (type == "system") {
      system(event);
    } else if (type == "assistant") {
      assistant(event);
    } else if (type == "user") {
      user(event);
    } else if (type == "rate_limit_event") {
      rate_limit(event);
    } else if (type == "result") {
      result(event);
    }
  }

  StreamReading conclude() override {
    if (reading_ && !went_on_) {
      return *reading_;
    }
    StreamReading reading = without_final_word();
    if (reading_ && reading.end == AgentEnd::unfinished) {
      reading.detail = "it went on after its final word and said no other";
    } else if (!reading_ && reading.end == AgentEnd::unfinished && retry_) {
      reading.end = retry_->end;
      reading.until = retry_->until;
      reading.detail = retry_text_;
      if (done() == 0) {
        nothing_used();
      }
    }
    return reading;
  }

 private:
  /// The sums that are handed on are of one invocation: see result_usage().
  static StreamOptions without_session(StreamOptions options) {
    options.session_used = {};
    return options;
  }

  void system(const json& event) {
    const std::string subtype = text_at(event, {"subtype"});
    if (subtype == "init") {
      set_session(text_at(event, {"session_id"}));
    } else if (subtype == "api_retry") {
      const auto status = count_at(event, {"error_status"});
      const std::string word = text_at(event, {"error"});
      retry_text_ = fmt::format("{}{}{}", status ? std::to_string(*status) : "", status ? " " : "",
                                word.empty() ? "the provider failed" : word);
      const auto known = status
                             ? end_of_status(static_cast<int>(std::min<std::int64_t>(*status, 999)))
                             : std::nullopt;
      retry_ =
          known ? Failure{.end = *known, .until = quota_until_} : failure_of_words(word, now());
      if (retry_->end == AgentEnd::failed) {
        retry_->end = AgentEnd::overload;  // it is tried again: nothing that the issue did
      }
      emit(EventKind::error,
           fmt::format("trying again ({} of {}): {}", count_at(event, {"attempt"}).value_or(0),
                       count_at(event, {"max_retries"}).value_or(0), retry_text_));
    }
  }

  void rate_limit(const json& event) {
    if (text_at(event, {"rate_limit_info", "status"}) != "rejected") {
      return;
    }
    quota_rejected_ = true;
    if (const auto at = count_at(event, {"rate_limit_info", "resetsAt"})) {
      quota_until_ = reset_in(std::to_string(*at), now());
    }
    emit(EventKind::error, "the account's limit is reached");
  }

  void assistant(const json& event) {
    went_on_ = true;
    unsay_final();
    const bool synthetic = text_at(event, {"message", "model"}) == "<synthetic>";
    if (synthetic) {
      error_word_ = text_at(event, {"error"});
    } else {
      retry_.reset();
      refused_ = text_at(event, {"message", "stop_reason"}) == "refusal";
    }
    const json& content = value_at(event, {"message", "content"});
    if (content.is_array()) {
      for (const json& block : content) {
        const std::string kind = text_at(block, {"type"});
        if (kind == "text") {
          if (!synthetic) {
            did();
          }
          emit(synthetic ? EventKind::error : EventKind::text, text_at(block, {"text"}));
        } else if (kind == "tool_use") {
          did();
          emit(EventKind::tool, tool_text(value_at(block, {"input"})), text_at(block, {"name"}));
        }
      }
    }
    if (!synthetic) {
      count_message(event);
    }
  }

  /// One event comes per block of a message, each with the usage of the whole message: a message
  /// counts once. What is put out stands there only as it was at the beginning, so that these sums
  /// are a lower bound until the result says the true ones.
  void count_message(const json& event) {
    const json& usage = value_at(event, {"message", "usage"});
    if (!usage.is_object() || !first_time(text_at(event, {"message", "id"}))) {
      return;
    }
    sums_ += {.input = count_at(usage, {"input_tokens"}).value_or(0) +
                       count_at(usage, {"cache_creation_input_tokens"}).value_or(0),
              .cached = count_at(usage, {"cache_read_input_tokens"}).value_or(0),
              .output = count_at(usage, {"output_tokens"}).value_or(0)};
    set_usage(sums_, std::nullopt);
  }

  void user(const json& event) {
    went_on_ = true;
    unsay_final();
    const json& content = value_at(event, {"message", "content"});
    if (!content.is_array()) {
      return;
    }
    for (const json& block : content) {
      if (text_at(block, {"type"}) == "tool_result" && flag_at(block, {"is_error"})) {
        const std::string text = text_at(block, {"content"});
        emit(EventKind::tool, text.empty() ? "failed" : "failed: " + text);
      }
    }
  }

  struct Sums {
    Tokens tokens;
    std::optional<std::int64_t> micros;
  };

  static Sums of_models(const json& models) {
    Sums sums;
    for (const auto& [name, model] : models.items()) {
      sums.tokens += {.input = count_at(model, {"inputTokens"}).value_or(0) +
                               count_at(model, {"cacheCreationInputTokens"}).value_or(0),
                      .cached = count_at(model, {"cacheReadInputTokens"}).value_or(0),
                      .output = count_at(model, {"outputTokens"}).value_or(0)};
      sums.micros = std::min(sums.micros.value_or(0) + micros_at(model, {"costUSD"}).value_or(0),
                             kMostMicros);
    }
    return sums;
  }

  /// Newer versions say what came since the last result; added up that is this invocation. Older
  /// ones have sums only, of which some are of the invocation and some of the whole session.
  void result_usage(const json& event) {
    if (const json& since = value_at(event, {"model_usage_since_last_result"}); since.is_object()) {
      const Sums more = of_models(since);
      results_.tokens += more.tokens;
      results_.micros =
          std::min(results_.micros.value_or(0) + more.micros.value_or(0), kMostMicros);
      set_usage(results_.tokens, results_.micros);
      nothing_used();
      return;
    }
    Sums sums;
    if (const json& models = value_at(event, {"modelUsage"}); models.is_object()) {
      sums = of_models(models);
    }
    const Tokens own{.input = count_at(event, {"usage", "input_tokens"}).value_or(0) +
                              count_at(event, {"usage", "cache_creation_input_tokens"}).value_or(0),
                     .cached = count_at(event, {"usage", "cache_read_input_tokens"}).value_or(0),
                     .output = count_at(event, {"usage", "output_tokens"}).value_or(0)};
    // `usage` is all zero after a stream that broke: then only `modelUsage` is right.
    const Tokens& tokens = sums.micros ? sums.tokens : own;
    auto micros = micros_at(event, {"total_cost_usd"});
    if (!micros && !value_at(event, {"usage"}).is_object()) {
      return;
    }
    // Of the whole session if what is left without the turns before still covers what this stream
    // showed.
    const std::int64_t left = tokens.input + tokens.output - used_before_.tokens;
    const bool whole_session =
        used_before_.tokens > 0 && left >= std::max<std::int64_t>(1, sums_.input + sums_.output);
    Tokens mine = tokens;
    if (whole_session) {
      mine.output = std::min(mine.output, left);
      mine.input = left - mine.output;
      micros = micros ? std::optional(std::max<std::int64_t>(0, *micros - used_before_.usd.micros))
                      : micros;
    }
    set_usage(mine, micros);
    nothing_used();
  }

  void result(const json& event) {
    set_session(text_at(event, {"session_id"}));
    result_usage(event);
    StreamReading reading;
    const Failure failure = judge(event);
    reading.end = failure.end;
    reading.until = failure.until;
    reading.detail = text_at(event, {"result"});
    if (const json& errors = value_at(event, {"errors"});
        reading.detail.empty() && errors.is_array() && !errors.empty() && errors[0].is_string()) {
      reading.detail = jobs::to_valid_utf8(errors[0].get<std::string>());
    }
    if (reading.detail.empty() && reading.end != AgentEnd::success) {
      reading.detail = text_at(event, {"terminal_reason"});
    }
    went_on_ = false;
    say_final(reading.end, reading.detail);
    reading_ = std::move(reading);
  }

  [[nodiscard]] Failure judge(const json& event) const {
    const std::string subtype = text_at(event, {"subtype"});
    const std::string text = text_at(event, {"result"});
    const std::string stop = text_at(event, {"stop_reason"});
    const std::string terminal = text_at(event, {"terminal_reason"});
    if (subtype == "error_max_budget_usd" || subtype == "error_max_turns") {
      return {.end = AgentEnd::budget, .until = std::nullopt};
    }
    if (stop == "refusal" || refused_) {
      return {.end = AgentEnd::refused, .until = std::nullopt};
    }
    const bool normal_stop = stop.empty() || stop == "end_turn" || stop == "stop_sequence";
    const bool success = subtype == "success" && !flag_at(event, {"is_error"}) && normal_stop &&
                         (terminal.empty() || terminal == "completed") && !is_error_text(text);
    if (success) {
      const bool empty = done() == 0 && jobs::trimmed(text).empty();
      return {.end = empty ? AgentEnd::empty : AgentEnd::success, .until = std::nullopt};
    }
    return why(event, text);
  }

  [[nodiscard]] Failure why(const json& event, const std::string& text) const {
    const auto status = count_at(event, {"api_error_status"});
    Failure failure = failure_of_words(text, now());
    if (const auto known =
            status ? end_of_status(static_cast<int>(std::min<std::int64_t>(*status, 999)))
                   : std::nullopt;
        known && failure.end != AgentEnd::quota) {
      // A quota that is used up may come with any status; the words know better there.
      failure.end = *known;
    }
    if (failure.end == AgentEnd::failed && !error_word_.empty()) {
      failure = failure_of_words(error_word_, now());
    }
    if (quota_rejected_ && failure.end == AgentEnd::failed) {
      failure.end = AgentEnd::quota;
    }
    if (failure.end == AgentEnd::quota && !failure.until) {
      failure.until = quota_until_ ? quota_until_ : reset_in(text, now());
    }
    if (const json& errors = value_at(event, {"errors"});
        failure.end == AgentEnd::failed && errors.is_array() && !errors.empty()) {
      failure = failure_of_words(dumped(errors), now());
    }
    return failure;
  }

  Tokens sums_;
  Sums results_;
  jobs::Usage used_before_;  ///< by earlier turns of the session
  std::optional<StreamReading> reading_;
  std::optional<Failure> retry_;  ///< the provider failed, and no answer came since
  std::string retry_text_;
  std::string error_word_;
  std::optional<jobs::TimePoint> quota_until_;
  bool quota_rejected_ = false;
  bool refused_ = false;
  bool went_on_ = false;  ///< after the last result
};

}  // namespace

std::unique_ptr<StreamReader> make_claude_stream(const StreamOptions& options) {
  return std::make_unique<ClaudeStream>(options);
}

}  // namespace runner::agents
