#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/money.h"
#include "jobs/model/turn.h"

/// What the command-line agents of a known kind print, read as one language. Pure: bytes in, values
/// out. Starting, stopping and believing an agent is not for this folder.
namespace runner::agents {

enum class EventKind : std::uint8_t {
  session,  ///< the session's id is known
  text,     ///< what the agent says
  tool,     ///< a tool is used, or failed
  usage,    ///< what was used so far, over the whole turn
  result,   ///< the final word
  error,    ///< a failure on the way, also one that is tried again
};
[[nodiscard]] std::string_view to_string(EventKind kind);

struct StreamEvent {
  EventKind kind = EventKind::text;
  std::string name;                  ///< tool: its name; result: an AgentEnd
  std::string text;                  ///< not cut and not redacted yet; valid UTF-8
  std::optional<jobs::Usage> usage;  ///< usage, result
  friend bool operator==(const StreamEvent&, const StreamEvent&) = default;
};

/// What a whole stream comes to.
struct StreamReading {
  jobs::AgentEnd end = jobs::AgentEnd::unfinished;
  std::string detail;                    ///< the agent's words for it; not cut and not redacted
  std::optional<jobs::TimePoint> until;  ///< quota, overload: when it may be tried again
  std::optional<jobs::Usage> usage;      ///< none = unknown; `turns` and `seconds` stay 0
  std::string session;                   ///< "" = never said
  friend bool operator==(const StreamReading&, const StreamReading&) = default;
};

struct StreamOptions {
  std::optional<jobs::Price> price;  ///< used where the agent reports tokens and no dollars
  jobs::Usage session_used;  ///< what earlier turns of the same session used: a kind that counts
                             ///< per session has it in its sums
};

/// Reads the stream of one turn. Lines that are no JSON, types that are not known, cut UTF-8 and
/// lines of any length are taken; memory stays bounded (a line above kMostLine is skipped).
class StreamReader {
 public:
  static constexpr std::size_t kMostLine = std::size_t{8} << 20;

  virtual ~StreamReader() = default;
  /// Bytes of stdout, cut anywhere.
  [[nodiscard]] virtual std::vector<StreamEvent> feed(std::string_view bytes,
                                                      jobs::TimePoint now) = 0;
  /// Bytes of stderr, cut anywhere: only looked at where the stream itself has no final word.
  virtual void feed_errors(std::string_view bytes) = 0;
  /// The last line may lack its newline. To be called once.
  [[nodiscard]] virtual StreamReading finish(jobs::TimePoint now) = 0;

  /// What is known so far; only grows.
  [[nodiscard]] virtual std::optional<jobs::Usage> usage() const = 0;
  [[nodiscard]] virtual const std::string& session() const = 0;
  /// The agent said its final word, and nothing after it: what still runs is left over.
  [[nodiscard]] virtual bool final_word() const = 0;
};

/// Nothing for AgentKind::command, whose output has no meaning.
[[nodiscard]] std::unique_ptr<StreamReader> make_stream_reader(jobs::AgentKind kind,
                                                               const StreamOptions& options);

}  // namespace runner::agents
