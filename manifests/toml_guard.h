#pragma once

#include <optional>
#include <string_view>

#include "manifests/diagnostic.h"

namespace manifests {

/// What toml++ cannot be trusted with, found before it sees the bytes: wrong encoding, control
/// characters, words so long that its look-ahead buffer runs over, keys and values nested so deep
/// that its recursion would. Nothing if `bytes` may be parsed. Follows the lexical rules of
/// TOML 1.0 as far as strings and comments go and knows no grammar.
[[nodiscard]] std::optional<Diagnostic> guard_toml(std::string_view bytes,
                                                   std::string_view file_name);

}  // namespace manifests
