#pragma once

#include <string>
#include <vector>

#include "manifests/load.h"
#include "manifests/toml_value.h"

namespace manifests {

/// One value of the effective fleet as TOML and where it came from.
struct EffectiveValue {
  std::string key;
  std::string path;  ///< key in Origins::at: "limits.turn_deadline"
  Value value;
};

/// One table of it: "[limits]", "[agent.coder]", "[[repo]]".
struct EffectiveTable {
  std::string header;    ///< without brackets: "limits", "agent.coder"; "repo" for each repository
  std::string below;     ///< "app" of "[tracker.github.app]"; "" = the table itself
  bool element = false;  ///< one of several: [[repo]]
  std::vector<EffectiveValue> values;
};

/// The fleet as if somebody had written everything down, defaults applied. Secrets as names only.
[[nodiscard]] std::vector<EffectiveTable> effective(const jobs::Fleet& fleet);

}  // namespace manifests
