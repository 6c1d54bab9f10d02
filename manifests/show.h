#pragma once

#include <span>
#include <string>

#include "manifests/load.h"

/// The effective fleet: what the manifests say with every default filled in, and where each value
/// came from. Secrets appear as names only.
namespace manifests {

/// As TOML, each value with its place as a comment: `turn_deadline = "45m"  # fleet.toml:14:1`. It
/// loads again as the same fleet, except that of a webhook's address only the host is shown, since
/// some services put the secret there.
[[nodiscard]] std::string show_text(const Loaded& loaded);

/// As JSON: {"schema": 1, "files": [...], "fleet": {"limits": {...}, "repo": [...], ...},
/// "origins": {...}}. What has no origin is a default.
[[nodiscard]] std::string show_json(const Loaded& loaded);

/// The errors as JSON: {"schema": 1, "ok": false, "errors": [{"file", "line", "column", "message",
/// ...}]}.
[[nodiscard]] std::string diagnostics_json(std::span<const Diagnostic> diagnostics);

}  // namespace manifests
