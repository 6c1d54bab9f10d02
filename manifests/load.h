#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/model/fleet.h"
#include "manifests/diagnostic.h"

/// Turns a directory of TOML files into a validated fleet, or into everything that is wrong with
/// them.
namespace manifests {

struct LoadOptions {
  std::string directory = "./manifests";
  /// Value of an environment variable, or nothing. Only asked whether variables named by `*_env`
  /// are there.
  std::function<std::optional<std::string>(const std::string&)> env;
};

/// Where each value of the fleet came from: "limits.turn_deadline", "repo.acme/shop.base",
/// "agent.coder.command".
struct Origins {
  std::map<std::string, Position> at;
  /// "fleet.toml:3:5", or "default".
  [[nodiscard]] std::string of(const std::string& key) const;
};

struct Loaded {
  jobs::Fleet fleet;
  Origins origins;
  std::vector<std::string> files;  ///< that were read, in order
};

struct LoadFailure {
  std::vector<Diagnostic> diagnostics;  ///< at least one; by file, line and column
  /// For callers that only pass it on: kind invalid_manifest, all diagnostics rendered.
  [[nodiscard]] jobs::Error error() const;
};

/// Reads every *.toml directly in the directory, in the order of their names. Never throws.
[[nodiscard]] std::expected<Loaded, LoadFailure> load(const LoadOptions& options);

}  // namespace manifests
