#include "runner/cli/kill_switch.h"

#include "runner/cli/state.h"

namespace runner::cli {

jobs::Result<SwitchState> kill_switch(const jobs::Fleet& fleet, jobs::StoreReader& store) {
  manifests::KillSwitchSources sources;
  sources.manifests = fleet.kill_switch;
  sources.environment = environment(std::string(manifests::kKillSwitchVariable));
  RUNNER_ASSIGN(sources.pause, store.pause());
  return SwitchState{manifests::kill_switch(sources)};
}

Json to_json(const SwitchState& state) {
  Json held_by = Json::array();
  for (const manifests::KillSwitchReason& reason : state.value.reasons) {
    Json item = Json::object();
    item.set("source", manifests::to_string(reason.source)).set("text", reason.text);
    held_by.push(item.set("error", reason.error));
  }
  return Json::object().set("on", state.on()).set("held_by", held_by);
}

}  // namespace runner::cli
