#include "runner/cli/kill_switch.h"

#include "runner/cli/state.h"

namespace runner::cli {

namespace {

manifests::KillSwitchSources outside_sources(const jobs::Fleet& fleet) {
  manifests::KillSwitchSources sources;
  sources.manifests = fleet.kill_switch;
  sources.environment = environment(std::string(manifests::kKillSwitchVariable));
  return sources;
}

}  // namespace

jobs::Result<SwitchState> kill_switch(const jobs::Fleet& fleet, jobs::StoreReader& store) {
  manifests::KillSwitchSources sources = outside_sources(fleet);
  RUNNER_ASSIGN(sources.pause, store.pause());
  return SwitchState{manifests::kill_switch(sources)};
}

jobs::Result<SwitchState> kill_switch_without_state(const jobs::Fleet& fleet) {
  SwitchState state{manifests::kill_switch(outside_sources(fleet))};
  for (const manifests::KillSwitchReason& reason : state.value.reasons) {
    if (reason.error) {
      return jobs::fail(jobs::ErrorKind::usage, "the kill switch is on: " + reason.text,
                        "write one of on and off");
    }
  }
  return state;
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
