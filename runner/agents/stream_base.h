#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runner/agents/failure.h"
#include "runner/agents/lines.h"
#include "runner/agents/stream.h"

namespace runner::agents {

/// Tokens of one report, as providers price them.
struct Tokens {
  std::int64_t input = 0;  ///< not from a cache, and written into one
  std::int64_t cached = 0;
  std::int64_t output = 0;
  /// Stops at kMostTokens: whoever prints numbers must not make a sum overflow.
  Tokens& operator+=(const Tokens& more);
};

/// No amount of one turn is larger; the books refuse what is.
inline constexpr std::int64_t kMostTokens = 1'000'000'000'000;
inline constexpr std::int64_t kMostMicros = 1'000'000'000'000'000;

/// What the readers of all kinds share: lines, events, what was no JSON, and the sums. For
/// runner/agents only.
class StreamBase : public StreamReader {
 public:
  explicit StreamBase(const StreamOptions& options) : options_(options) {}

  std::vector<StreamEvent> feed(std::string_view bytes, jobs::TimePoint now) final;
  void feed_errors(std::string_view bytes) final;
  StreamReading finish(jobs::TimePoint now) final;
  [[nodiscard]] std::optional<jobs::Usage> usage() const final;
  [[nodiscard]] const std::string& session() const final { return session_; }
  [[nodiscard]] bool final_word() const final { return final_; }

 protected:
  /// One JSON object of the stream.
  virtual void object(const nlohmann::json& object) = 0;
  /// How it ended; `session` and `usage` are filled in by finish(). `usage_known` may be set.
  virtual StreamReading conclude() = 0;

  void emit(EventKind kind, std::string text, std::string name = {});
  /// The agent said or did something.
  void did() { ++done_; }
  void set_session(const std::string& id);
  /// `tokens` are the sums of the whole session or turn so far; dollars are those that were
  /// reported, else the price's. Sums never shrink; a change is an event.
  void set_usage(const Tokens& tokens, std::optional<std::int64_t> micros);
  /// The provider never answered, so that nothing was used.
  void nothing_used();
  /// Says the final word, once per change.
  void say_final(jobs::AgentEnd end, const std::string& text);
  void unsay_final() { final_ = false; }
  /// True the first time that `id` is seen. Bounded: an id beyond the bound counts as new.
  [[nodiscard]] bool first_time(const std::string& id);
  /// What stood in the stream without being of it, and on stderr: the last lines of it.
  [[nodiscard]] std::string strays() const;
  /// The end of a stream without a final word.
  [[nodiscard]] StreamReading without_final_word() const;
  [[nodiscard]] jobs::TimePoint now() const { return now_; }
  [[nodiscard]] std::int64_t done() const { return done_; }

 private:
  void line(std::string_view line);
  void keep_stray(std::string_view line);

  StreamOptions options_;
  Lines lines_{kMostLine};
  Lines error_lines_{kMostStray};
  std::deque<std::string> strays_;
  std::vector<StreamEvent> events_;
  std::unordered_set<std::uint64_t> seen_;
  std::string session_;
  jobs::TimePoint now_;
  std::optional<jobs::Usage> usage_;
  std::int64_t done_ = 0;
  std::int64_t objects_ = 0;
  std::int64_t stray_count_ = 0;
  bool final_ = false;

  static constexpr std::size_t kMostStray = std::size_t{64} << 10;
};

[[nodiscard]] std::unique_ptr<StreamReader> make_claude_stream(const StreamOptions& options);
[[nodiscard]] std::unique_ptr<StreamReader> make_codex_stream(const StreamOptions& options);
[[nodiscard]] std::unique_ptr<StreamReader> make_opencode_stream(const StreamOptions& options);

}  // namespace runner::agents
