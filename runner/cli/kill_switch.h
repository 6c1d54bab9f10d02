#pragma once

#include <string>
#include <vector>

#include "jobs/base/result.h"
#include "jobs/ports/store.h"
#include "runner/cli/command.h"
#include "runner/cli/json_out.h"

namespace runner::cli {

/// The kill switch as all its sources together make it.
struct SwitchState {
  struct Holder {
    std::string source;  ///< "manifest", "environment", "pause"
    std::string detail;  ///< one line for people
  };
  std::vector<Holder> holders;  ///< empty = off
  [[nodiscard]] bool on() const { return !holders.empty(); }
};

[[nodiscard]] jobs::Result<SwitchState> kill_switch(const jobs::Fleet& fleet,
                                                    jobs::StoreReader& store);
[[nodiscard]] Json to_json(const SwitchState& state);

}  // namespace runner::cli
