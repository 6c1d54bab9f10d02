// "&amp;", "&#38;", "&#x26;": https://html.spec.whatwg.org, "Named character references". Of the
// two thousand names the few that editors write.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "jobs/base/ascii.h"
#include "runner/trackers/plane_html.h"

namespace runner::trackers::plane {

namespace {

using Entity = std::pair<std::string_view, std::string_view>;
constexpr std::array<Entity, 18> kEntities{{{"amp", "&"},
                                            {"lt", "<"},
                                            {"gt", ">"},
                                            {"quot", "\""},
                                            {"apos", "'"},
                                            {"nbsp", " "},
                                            {"hellip", "\u2026"},
                                            {"mdash", "\u2014"},
                                            {"ndash", "\u2013"},
                                            {"lsquo", "\u2018"},
                                            {"rsquo", "\u2019"},
                                            {"ldquo", "\u201C"},
                                            {"rdquo", "\u201D"},
                                            {"laquo", "\u00AB"},
                                            {"raquo", "\u00BB"},
                                            {"copy", "\u00A9"},
                                            {"reg", "\u00AE"},
                                            {"euro", "\u20AC"}}};

std::string utf8(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return "\uFFFD";
  }
  if (code < 0x80) {
    return {byte(code)};
  }
  if (code < 0x800) {
    return {byte(0xC0 | (code >> 6U)), byte(0x80 | (code & 0x3FU))};
  }
  if (code < 0x10000) {
    return {byte(0xE0 | (code >> 12U)), byte(0x80 | ((code >> 6U) & 0x3FU)),
            byte(0x80 | (code & 0x3FU))};
  }
  return {byte(0xF0 | (code >> 18U)), byte(0x80 | ((code >> 12U) & 0x3FU)),
          byte(0x80 | ((code >> 6U) & 0x3FU)), byte(0x80 | (code & 0x3FU))};
}

/// "#38" and "#x26"; nothing if it is no number.
std::optional<std::string> numbered(std::string_view name) {
  const bool hex = name.size() > 1 && jobs::to_ascii_lower(name[1]) == 'x';
  const std::string_view digits = name.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  for (const char c : digits) {
    const char small = jobs::to_ascii_lower(c);
    const bool decimal = small >= '0' && small <= '9';
    if (!decimal && !(hex && small >= 'a' && small <= 'f')) {
      return std::nullopt;
    }
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(small - (decimal ? '0' : 'a' - 10));
    code = std::min<std::uint32_t>(code, 0x110000);
  }
  return digits.empty() ? std::nullopt : std::optional(utf8(code));
}

}  // namespace

std::optional<std::string> entity_named(std::string_view name) {
  if (name.starts_with('#')) {
    return numbered(name);
  }
  const auto* found = std::ranges::find(kEntities, name, &Entity::first);
  return found == kEntities.end() ? std::nullopt : std::optional(std::string(found->second));
}

}  // namespace runner::trackers::plane
