#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/ports/store.h"

/// One answer from all sources of the kill switch. Each source can only hold it on; none can switch
/// off what another one holds. What cannot be read counts as on.
namespace manifests {

inline constexpr std::string_view kKillSwitchVariable = "RUNNER_KILL_SWITCH";

struct KillSwitchSources {
  std::optional<bool>
      manifests;  ///< Fleet::kill_switch; nothing = they could not be loaded, which counts as on
  std::optional<std::string> environment;  ///< value of RUNNER_KILL_SWITCH; nothing = not set
  std::optional<jobs::Pause> pause;        ///< `runner pause`; nothing = not paused
  bool pause_unreadable = false;           ///< the state could not be read, which counts as paused
};

enum class KillSwitchSource : std::uint8_t { manifests, environment, pause };
/// "manifests", "environment", "pause".
[[nodiscard]] std::string_view to_string(KillSwitchSource source);

struct KillSwitchReason {
  KillSwitchSource source = KillSwitchSource::manifests;
  std::string text;    ///< one line for people, without terminal escapes
  bool error = false;  ///< the source holds it on because it could not be understood
  friend bool operator==(const KillSwitchReason&, const KillSwitchReason&) = default;
};

struct KillSwitch {
  bool on = true;
  std::vector<KillSwitchReason>
      reasons;  ///< who holds it on, in the order of the enum; empty exactly when it is off
  /// "off", or the reasons in one line.
  [[nodiscard]] std::string text() const;
};

/// Reads 1, 0, true, false, on, off, yes, no in any case. Nothing on anything else, the empty text
/// among it: a variable that is set to nothing is more likely a mistake than a wish.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

[[nodiscard]] KillSwitch kill_switch(const KillSwitchSources& sources);

}  // namespace manifests
