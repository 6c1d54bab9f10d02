#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Plane keeps texts as HTML and shows them in an editor. Here they become plain text, as far as a
/// person sees them there, and plain text becomes HTML that shows exactly that text.
namespace runner::trackers::plane {

/// Text that nothing can be smuggled through: made only by escaped().
struct Html {
  std::string value;
};

/// Each line as a paragraph, with everything escaped that HTML gives a meaning.
[[nodiscard]] Html escaped(std::string_view text);

/// Tags are taken off, entities decoded; block elements begin on a line of their own, list items
/// with "- ", preformatted text stands in fences. What a page never shows (comments, scripts,
/// styles) leaves an empty comment behind, so that its absence can be said. What looks like markup
/// and is none stays as text. Any bytes, in linear time.
[[nodiscard]] std::string text_of_html(std::string_view html);

/// What "amp", "#38" or "#x26" stands for; nothing for a name that is not known.
[[nodiscard]] std::optional<std::string> entity_named(std::string_view name);

}  // namespace runner::trackers::plane
