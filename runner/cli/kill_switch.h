#pragma once

#include <string>

#include "jobs/base/result.h"
#include "jobs/ports/store.h"
#include "manifests/kill_switch.h"
#include "runner/cli/json_out.h"

namespace runner::cli {

/// The kill switch and who holds it on.
struct SwitchState {
  manifests::KillSwitch value;
  [[nodiscard]] bool on() const { return value.on; }
  /// "off", or the reasons in one line.
  [[nodiscard]] std::string text() const { return value.text(); }
};

/// As the manifests, the environment and the state together make it. A source that cannot be
/// understood holds it on.
[[nodiscard]] jobs::Result<SwitchState> kill_switch(const jobs::Fleet& fleet,
                                                    jobs::StoreReader& store);

[[nodiscard]] Json to_json(const SwitchState& state);

}  // namespace runner::cli
