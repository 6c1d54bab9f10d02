#include "manifests/kill_switch.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "jobs/base/time.h"

namespace manifests {

std::string_view to_string(KillSwitchSource source) {
  switch (source) {
    case KillSwitchSource::manifests: return "manifests";
    case KillSwitchSource::environment: return "environment";
    case KillSwitchSource::pause: return "pause";
  }
  return "manifests";
}

std::optional<bool> parse_switch(std::string_view text) {
  const std::string lower = jobs::ascii_lower(text);
  static constexpr auto kOn = std::to_array<std::string_view>({"1", "true", "on", "yes"});
  static constexpr auto kOff = std::to_array<std::string_view>({"0", "false", "off", "no"});
  if (std::ranges::find(kOn, lower) != kOn.end()) {
    return true;
  }
  if (std::ranges::find(kOff, lower) != kOff.end()) {
    return false;
  }
  return std::nullopt;
}

KillSwitch kill_switch(const KillSwitchSources& sources) {
  KillSwitch result{.on = false, .reasons = {}};
  const auto hold = [&](KillSwitchSource source, std::string text, bool error) {
    result.on = true;
    result.reasons.push_back({.source = source, .text = std::move(text), .error = error});
  };

  if (!sources.manifests) {
    hold(KillSwitchSource::manifests, "the manifests could not be loaded", true);
  } else if (*sources.manifests) {
    hold(KillSwitchSource::manifests, "kill_switch is on in [fleet], or not set there", false);
  }
  if (sources.environment) {
    const auto value = parse_switch(*sources.environment);
    if (!value) {
      hold(KillSwitchSource::environment,
           fmt::format(
               "{} is \"{}\", which is neither on (1, true, on, yes) nor off (0, false, off, no)",
               kKillSwitchVariable, jobs::one_line(*sources.environment, 40)),
           true);
    } else if (*value) {
      hold(KillSwitchSource::environment, fmt::format("{} is on", kKillSwitchVariable), false);
    }
  }
  if (sources.pause_unreadable) {
    hold(KillSwitchSource::pause, "it could not be read whether somebody paused the runner", true);
  } else if (sources.pause) {
    const jobs::Pause& pause = *sources.pause;
    hold(KillSwitchSource::pause,
         fmt::format("paused by {} at {}{}", jobs::one_line(pause.by, 60),
                     jobs::format_time(pause.at),
                     pause.why.empty() ? "" : ": " + jobs::one_line(pause.why)),
         false);
  }
  return result;
}

std::string KillSwitch::text() const {
  if (!on) {
    return "off";
  }
  std::string out = "on: ";
  for (const KillSwitchReason& reason : reasons) {
    out += (out.size() > 4 ? "; " : "") + reason.text;
  }
  return out;
}

}  // namespace manifests
