#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What is wrong with a manifest, where, and what to do about it.
namespace manifests {

/// A place in a file. `line` and `column` count from 1, columns in code points; 0 = the file as a
/// whole.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
  /// "fleet.toml:3:7", "fleet.toml" for a whole file.
  [[nodiscard]] std::string str() const;
  friend bool operator==(const Position&, const Position&) = default;
};

/// One error. A plain value, so that a command can print it as text or as JSON.
struct Diagnostic {
  Position at;
  std::string
      line_text;  ///< the offending line as it stands in the file; "" if there is none to show
  std::string message;     ///< what is wrong, one sentence without a full stop
  std::string expected;    ///< what was expected; may be empty
  std::string suggestion;  ///< "did you mean": the known name that is closest; may be empty
  std::string hint;        ///< the next step; may be empty
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// All of them as a compiler prints them: `file:line:column: error: ...`, the line, a caret, what
/// was expected. Control characters of the manifest are made visible. No colour: that is the
/// terminal's business.
[[nodiscard]] std::string render(std::span<const Diagnostic> diagnostics);
[[nodiscard]] std::string render(const Diagnostic& diagnostic);

/// "2 errors in 1 file".
[[nodiscard]] std::string summary(std::span<const Diagnostic> diagnostics);

/// Line `line` (from 1) of `text` without its line break; "" if there is none.
[[nodiscard]] std::string line_of(std::string_view text, int line);

}  // namespace manifests
