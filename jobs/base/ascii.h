#pragma once

#include <string>
#include <string_view>

namespace jobs {

/// A to Z in lower case, every other byte as it is, whatever the locale: for names and words that
/// servers, git and configurations compare without regard to case.
[[nodiscard]] std::string ascii_lower(std::string_view text);

}  // namespace jobs
