#pragma once

#include <string>

namespace manifests {

/// JSON Schema (draft 7) of one manifest file, as editors use it for TOML (taplo, Even Better
/// TOML): made from all_keys().
[[nodiscard]] std::string json_schema();

}  // namespace manifests
