#include "tests/prove/purity/plan.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace prove {

namespace {

using Json = nlohmann::json;

/// Ids are made anew by every tick, and the clock goes on between the two.
std::string normalised(const std::string& text) {
  static const std::regex kRun("r0[0-9a-z]{25}");
  static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)");
  static const std::regex kDisk(R"(\d+ MiB free)");
  std::string out = std::regex_replace(text, kRun, "RUN");
  out = std::regex_replace(out, kTime, "TIME");
  return std::regex_replace(out, kDisk, "SOME MiB free");
}

std::vector<std::string> texts_of(const Json& list, const std::vector<const char*>& members) {
  std::vector<std::string> texts;
  for (const Json& each : list) {
    std::string text;
    for (const char* member : members) {
      text += each.value(member, Json()).dump() + " ";
    }
    texts.push_back(normalised(text));
  }
  return texts;
}

std::set<std::string> issues_of(const Json& list) {
  std::set<std::string> issues;
  for (const Json& each : list) {
    issues.insert(each.value("repo", "") + "#" + std::to_string(each.value("issue", 0)));
  }
  return issues;
}

/// Repositories whose run the tick moved before it polled: with the run goes what is decided.
std::set<std::string> moved_repositories(const Json& done) {
  std::set<std::string> moved;
  std::set<std::string> started;
  for (const Json& step : done["steps"]) {
    const std::string action = step.value("action", "");
    if (action == "start") {
      started.insert(step.value("repo", ""));
    } else if (action != "wait") {
      moved.insert(step.value("repo", ""));
    }
  }
  for (const Json& effect : done["effects"]) {
    if (!started.contains(effect.value("repo", ""))) {
      moved.insert(effect.value("repo", ""));
    }
  }
  return moved;
}

/// What is decided, about which issue and why.
std::vector<std::string> decisions_of(const Json& list, const std::set<std::string>& moved) {
  std::vector<std::string> texts;
  for (const Json& each : list) {
    if (!moved.contains(each.value("repo", ""))) {
      texts.push_back(
          normalised(fmt::format("{}#{} {}: {}", each.value("repo", ""), each.value("issue", 0),
                                 each.value("reason", ""), each.value("detail", Json()).dump())));
    }
  }
  return texts;
}

/// The first of `wanted` that `found` does not have in this order.
std::string missing_from(const std::vector<std::string>& wanted,
                         const std::vector<std::string>& found) {
  auto from = found.begin();
  for (const std::string& each : wanted) {
    from = std::find(from, found.end(), each);
    if (from == found.end()) {
      return each;
    }
    ++from;
  }
  return {};
}

}  // namespace

Comparison compare_plan(const std::string& plan, const std::string& tick,
                        std::int64_t open_effects) {
  Comparison result;
  const Json planned = Json::parse(plan, nullptr, /*allow_exceptions=*/false);
  const Json done = Json::parse(tick, nullptr, /*allow_exceptions=*/false);
  result.has_plan = planned.is_object() && planned.contains("planned_effects") &&
                    done.is_object() && done.contains("effects");
  if (!result.has_plan) {
    return result;
  }
  const auto differ = [&](const std::string& what) {
    result.difference += (result.difference.empty() ? "" : "; ") + what;
  };
  const std::set<std::string> moved = moved_repositories(done);
  const auto wanted = decisions_of(planned["decisions"], moved);
  const auto found = decisions_of(done["decisions"], moved);
  if (wanted != found) {
    differ(
        fmt::format("decisions planned {} and made {}", Json(wanted).dump(), Json(found).dump()));
  }
  result.decisions = static_cast<int>(wanted.size());

  const std::vector<const char*> effect = {"kind", "repo", "issue", "key"};
  const auto effects = texts_of(planned["planned_effects"], effect);
  if (const auto lost = missing_from(effects, texts_of(done["effects"], effect)); !lost.empty()) {
    differ("planned and not begun: " + lost);
  }
  result.effects = static_cast<int>(effects.size());
  // A run that would wait may be moved by an effect that comes before.
  Json steps = Json::array();
  std::ranges::copy_if(planned["steps"], std::back_inserter(steps),
                       [](const Json& each) { return each.value("action", "") != "wait"; });
  const std::vector<const char*> step = {"repo", "issue", "action"};
  if (const auto lost = missing_from(texts_of(steps, step), texts_of(done["steps"], step));
      !lost.empty()) {
    differ("planned and not taken: " + lost);
  }

  std::set<std::string> named = issues_of(planned["steps"]);
  named.merge(issues_of(planned["planned_effects"]));
  for (const std::string& issue : issues_of(done["effects"])) {
    if (!named.contains(issue) && open_effects == 0) {
      differ("the plan says nothing of " + issue);
    }
  }
  return result;
}

}  // namespace prove
