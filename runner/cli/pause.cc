#include <string>

#include <fmt/format.h>

#include "jobs/base/crash_point.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "runner/cli/commands.h"
#include "runner/cli/errors.h"
#include "runner/cli/json_model.h"
#include "runner/cli/kill_switch.h"
#include "runner/cli/screen.h"
#include "runner/cli/state.h"

namespace runner::cli {

namespace {

jobs::Result<jobs::Pause> pause(const PauseCommand& command) {
  // Whoever reaches for the brake must learn of the one that needs no manifest and no state.
  const std::string other = "RUNNER_KILL_SWITCH=on in the environment of the ticks stops them too";
  auto fleet = load_fleet(command.global);
  if (!fleet) {
    return std::move(fleet.error()).with_hint(other);
  }
  auto store = open_writer(*fleet);
  if (!store) {
    return std::move(store.error()).with_hint(other);
  }
  const jobs::Pause wanted{
      .by = user_name(), .why = jobs::one_line(command.why, kWhyBytes), .at = present()};
  RUNNER_POINT(person_before_pause);
  RUNNER_TRY((*store)->set_pause(wanted));
  RUNNER_POINT(person_after_pause);
  return wanted;
}

struct Resumed {
  bool was_paused = false;
  SwitchState left;
};

jobs::Result<Resumed> resume(const Globals& global) {
  RUNNER_ASSIGN(const jobs::Fleet fleet, load_fleet(global));
  RUNNER_ASSIGN(const auto store, open_writer(fleet));
  Resumed resumed;
  RUNNER_ASSIGN(const std::optional<jobs::Pause> before, store->pause());
  resumed.was_paused = before.has_value();
  RUNNER_POINT(person_before_resume);
  RUNNER_TRY(store->clear_pause(user_name(), present()));
  RUNNER_POINT(person_after_resume);
  RUNNER_ASSIGN(resumed.left, kill_switch(fleet, *store));
  return resumed;
}

}  // namespace

int run_pause(const PauseCommand& command) {
  const auto paused = pause(command);
  if (!paused) {
    return report_error(command.global, paused.error());
  }
  if (command.global.json) {
    Json json = Json::object();
    json.set("by", paused->by).set("why", text_or_null(paused->why)).set("at", to_json(paused->at));
    print_json(json_root().set("pause", json));
  } else {
    put("paused: the kill switch is on until `runner resume`. Turns that run already go on.\n");
  }
  return 0;
}

int run_resume(const Globals& global) {
  const auto resumed = resume(global);
  if (!resumed) {
    return report_error(global, resumed.error());
  }
  if (global.json) {
    print_json(json_root()
                   .set("was_paused", resumed->was_paused)
                   .set("kill_switch", to_json(resumed->left)));
    return 0;
  }
  put(resumed->was_paused ? "resumed: the pause is lifted\n" : "there was no pause\n");
  for (const manifests::KillSwitchReason& reason : resumed->left.value.reasons) {
    put(fmt::format("the kill switch is still on, held by {}: {}\n",
                    manifests::to_string(reason.source), jobs::one_line(reason.text)));
  }
  return 0;
}

}  // namespace runner::cli
