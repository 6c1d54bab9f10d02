#pragma once

#include <string>
#include <string_view>

namespace jobs {

/// What a person who approved a text saw of it on the tracker's page, and how much more there was.
struct VisibleText {
  std::string text;
  int comments = 0;    ///< HTML comments that were taken out; outside of code only
  int characters = 0;  ///< invisible and direction-changing characters that were taken out

  /// "[the runner removed 2 hidden comments and 13 invisible characters here]"; "" if nothing was.
  [[nodiscard]] std::string removed() const;
};

/// Takes HTML comments out, also one that is not closed, but for those that stand in fenced code or
/// between backticks, where they are shown; and characters that nobody sees: zero-width ones,
/// soft hyphens, direction marks and overrides, tags, variation selectors, controls. `text` may be
/// any bytes; what comes out is valid UTF-8.
[[nodiscard]] VisibleText visible_text(std::string_view text);

}  // namespace jobs
