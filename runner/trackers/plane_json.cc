// What Plane's JSON means. Sources: https://developers.plane.so/api-reference, and of the server
// (github.com/makeplane/plane, apps/api): plane/api/serializers (fields), plane/db/models/state.py
// (groups), plane/bgtasks/issue_activities_task.py (activities).
#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/forge/fields.h"
#include "runner/trackers/plane_html.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers::plane {

using jobs::ErrorKind;
using jobs::Permission;
using nlohmann::json;

namespace {

/// Roles of a project: https://developers.plane.so/api-reference/members/overview.
constexpr std::int64_t kAdmin = 20;
constexpr std::int64_t kMember = 15;
constexpr std::int64_t kGuest = 5;

State::Group group_of(std::string_view word) {
  if (word == "backlog" || word == "unstarted" || word == "started") {
    return State::Group::open;
  }
  return word == "completed" || word == "cancelled" ? State::Group::closed : State::Group::unknown;
}

double real(const json& object, std::string_view name) {
  const json* found = forge::field(object, name);
  return found != nullptr && found->is_number() ? found->get<double>() : 0;
}

std::string names_in(const std::vector<State>& states) {
  std::string names;
  for (const State& state : states) {
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", jobs::one_line(state.name, 60));
  }
  return names.empty() ? "none" : names;
}

/// The state of that name: exactly so, or the only one with other capitals.
jobs::Result<std::size_t> named(const std::vector<State>& states, const std::string& word,
                                const std::string& name, std::string_view project) {
  std::vector<std::size_t> alike;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].name == name) {
      return i;
    }
    if (jobs::ascii_lower(states[i].name) == jobs::ascii_lower(name)) {
      alike.push_back(i);
    }
  }
  if (alike.size() == 1) {
    return alike.front();
  }
  return jobs::fail(
      ErrorKind::invalid_manifest,
      fmt::format("the project {} has {} state \"{}\", which states.{} of the tracker names; its "
                  "states are {}",
                  project, alike.empty() ? "no" : "more than one", jobs::one_line(name, 60), word,
                  names_in(states)),
      "make the state in the project's settings, or write the name of one that is there");
}

/// The phases that a board may have a state for, in their order. A run begins in "in_progress".
constexpr std::array<std::pair<jobs::Phase, std::string_view>, 5> kPhases{
    {{jobs::Phase::tests_red, "tests_red"},
     {jobs::Phase::green, "green"},
     {jobs::Phase::pushed, "pushed"},
     {jobs::Phase::ci, "ci"},
     {jobs::Phase::deployed, "deployed"}}};

/// Done is closed, everything that waits is open: an item must not end by being released.
bool fits(std::string_view word, State::Group group) {
  if (word == "approved" || word == "rejected") {
    return true;
  }
  return group == (word == "done" ? State::Group::closed : State::Group::open);
}

bool is_edit(const json& activity) {
  const std::string field = forge::text(activity, "field");
  return field == "name" || field == "description";
}

}  // namespace

jobs::Result<States> States::resolved(const std::vector<json>& list,
                                      const std::map<std::string, std::string>& names,
                                      std::string_view project) {
  States states;
  for (const json& one : list) {
    State state{.id = forge::text(one, "id"),
                .name = forge::text(one, "name"),
                .group = group_of(forge::text(one, "group")),
                .is_default = forge::flag(one, "default")};
    if (!state.id.empty()) {
      states.all_.push_back(std::move(state));
    }
  }
  for (const auto& [word, name] : names) {
    RUNNER_ASSIGN(const std::size_t at, named(states.all_, word, name, project));
    if (!fits(word, states.all_[at].group)) {
      return jobs::fail(
          ErrorKind::invalid_manifest,
          fmt::format("the state \"{}\" of the project {}, which states.{} names, is {}",
                      jobs::one_line(name, 60), project, word,
                      word == "done" ? "in no group that Plane counts as finished"
                                     : "in a group that Plane counts as finished"),
          word == "done" ? "name a state of the group Completed or Cancelled"
                         : "name a state of the group Backlog, Unstarted or Started");
    }
    states.by_word_.emplace(word, at);
  }
  return states;
}

const State* States::by_id(std::string_view id) const {
  const auto found = std::ranges::find(all_, id, &State::id);
  return found == all_.end() ? nullptr : &*found;
}

const State* States::by_word(std::string_view word) const {
  const auto found = by_word_.find(word);
  return found == by_word_.end() ? nullptr : &all_[found->second];
}

std::string States::word_of(std::string_view id) const {
  for (const auto& [word, at] : by_word_) {
    if (all_[at].id == id) {
      return word;
    }
  }
  return {};
}

const State* States::of_phase(jobs::Phase phase) const {
  const State* found = by_word("in_progress");
  for (const auto& [each, word] : kPhases) {
    if (const State* state = by_word(word); state != nullptr && each <= phase) {
      found = state;
    }
  }
  return found;
}

bool is_busy(std::string_view word) {
  return word == "in_progress" ||
         std::ranges::find(kPhases, word, &std::pair<jobs::Phase, std::string_view>::second) !=
             kPhases.end();
}

const State* States::initial() const {
  const auto found = std::ranges::find(all_, true, &State::is_default);
  return found == all_.end() ? nullptr : &*found;
}

std::vector<std::string> labels_of(std::string_view word, const jobs::Labels& labels) {
  if (word == "ready") {
    return {labels.ready};
  }
  if (is_busy(word)) {
    return {labels.ready, labels.in_progress};
  }
  if (word == "needs_human") {
    return {labels.human};
  }
  return word == "approved" || word == "rejected" ? std::vector<std::string>{std::string(word)}
                                                  : std::vector<std::string>{};
}

jobs::Issue issue_of(const json& item, const jobs::RepoName& repo, const States& states,
                     const jobs::Labels& labels) {
  jobs::Issue issue;
  issue.key.repo = repo;
  issue.key.number = std::max<std::int64_t>(forge::number(item, "sequence_id"), 0);
  issue.title = forge::text(item, "name");
  issue.body = text_of_html(forge::text(item, "description_html"));
  const std::string id = forge::text(item, "state");
  const State* state = states.by_id(id);
  // Anything but a group that is known to be open is not open: nothing is started on a guess.
  issue.open = state != nullptr && state->group == State::Group::open;
  if (state == nullptr) {
    issue.problem = "it is in a state that its project does not have";
  }
  issue.labels = labels_of(states.word_of(id), labels);
  constexpr std::array<std::string_view, 4> kPriorities{"urgent", "high", "medium", "low"};
  const auto* priority = std::ranges::find(kPriorities, forge::text(item, "priority"));
  if (priority != kPriorities.end()) {
    issue.priority = static_cast<int>(priority - kPriorities.begin());
  }
  return issue;
}

/// Two shapes: a person with a role beside, or a membership that names the person.
Member member_of(const json& object) {
  Member member;
  const json* inner = forge::field(object, "member");
  const json& person = inner != nullptr && inner->is_object() ? *inner : object;
  member.id = inner != nullptr && inner->is_string() ? inner->get<std::string>()
                                                     : forge::text(person, "id");
  member.email = forge::text(person, "email");
  member.is_bot = forge::flag(person, "is_bot");
  switch (forge::number(object, "role")) {
    case kAdmin: member.permission = Permission::admin; break;
    case kMember: member.permission = Permission::write; break;
    case kGuest: member.permission = Permission::read; break;
    default: break;
  }
  if (const json* active = forge::field(object, "is_active");
      active != nullptr && *active == false) {
    member.permission = Permission::none;
  }
  return member;
}

Release release_of(const std::vector<json>& activities, const States& states,
                   std::string_view state, std::string_view own) {
  std::vector<const json*> moves;
  for (const json& activity : activities) {
    if (forge::text(activity, "field") == "state") {
      moves.push_back(&activity);
    }
  }
  std::ranges::stable_sort(moves, {}, [](const json* move) {
    return forge::time(*move, "created_at").value_or(jobs::TimePoint{});
  });
  const State* ready = states.by_word("ready");
  const std::string ready_id = ready == nullptr ? std::string() : ready->id;
  // What the runner itself did since: it moved the item out of the ready state, and on.
  std::string here(state);
  while (!moves.empty() && is_busy(states.word_of(here))) {
    const json& last = *moves.back();
    const std::string from = forge::text(last, "old_identifier");
    const bool known = from == ready_id || is_busy(states.word_of(from));
    if (forge::text(last, "new_identifier") != here || !known ||
        forge::text(last, "actor") != own) {
      break;
    }
    moves.pop_back();
    here = from;
  }
  Release release;
  if (moves.empty()) {
    // The creator's name in the entry about its creation may be chosen by whoever created it.
    release.note = "it was made in that state, or its history does not say who moved it";
    return release;
  }
  const json& move = *moves.back();
  const bool newest = std::ranges::none_of(
      moves, [&](const json* other) { return real(*other, "epoch") > real(move, "epoch"); });
  if (ready_id.empty() || forge::text(move, "new_identifier") != ready_id || !newest) {
    release.note = "its history does not end with a move into the ready state";
    return release;
  }
  release.at = forge::time(move, "created_at");
  release.epoch = real(move, "epoch");
  release.actor = forge::text(move, "actor");
  if (release.actor.empty() || !release.at) {
    release.actor.clear();
    release.note = "the account that moved it was deleted";
  }
  // A person comes from a state; the server's own rules name none.
  release.automation = forge::text(move, "old_identifier").empty();
  return release;
}

std::vector<Edit> edits_after(const std::vector<json>& activities, const Release& release) {
  std::vector<Edit> edits;
  if (!release.at) {
    return edits;
  }
  for (const json& activity : activities) {
    if (!is_edit(activity)) {
      continue;
    }
    // Entries are written behind the request's back, and not always in its order; one about a
    // description is renewed instead of a second one. After it is what either time calls so.
    const auto at = forge::time(activity, "created_at");
    const double epoch = real(activity, "epoch");
    const bool later = !at || *at > *release.at || (release.epoch > 0 && epoch >= release.epoch);
    if (later) {
      const jobs::TimePoint least = *release.at + std::chrono::milliseconds(1);
      edits.push_back(
          {.actor = forge::text(activity, "actor"), .at = std::max(at.value_or(least), least)});
    }
  }
  return edits;
}

}  // namespace runner::trackers::plane
