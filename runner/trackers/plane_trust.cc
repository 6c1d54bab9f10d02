// Who released an item, and who changed its text afterwards.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/trackers/plane_parts.h"

namespace runner::trackers::plane {

using jobs::Issue;
using jobs::Permission;
using nlohmann::json;

namespace {

struct Person {
  std::string name;  ///< the address, which is unique and not chosen freely, or the id
  Permission permission = Permission::unknown;
  bool is_bot = false;
  std::string note;
};

Person person(Server& server, const Project& project, const std::string& id,
              const std::string& own) {
  Person who{.name = id, .is_bot = id == own, .note = {}};
  const auto member = server.member(project, id);
  if (!member) {
    who.note = member.error().message;
  } else {
    who.name = member->email.empty() ? id : member->email;
    who.permission = member->permission;
    who.is_bot =
        who.is_bot || member->is_bot || jobs::same_but_for_case(who.name, server.options().bot);
    if (member->permission == Permission::unknown) {
      who.note = fmt::format("the server does not say which role {} has in {}",
                             jobs::one_line(who.name, 60), project.identifier);
    }
  }
  if (id == own) {
    who.note = "the runner's own account";
  }
  return who;
}

/// Of several edits one by somebody who may not write counts, whoever edited it later.
void fill_edit(Server& server, const Place& place, const std::vector<Edit>& edits,
               const std::string& own, Issue& issue) {
  std::map<std::string, Person> people;
  for (const Edit& edit : edits) {
    if (const auto [at, made] = people.try_emplace(edit.actor); made && !edit.actor.empty()) {
      at->second = person(server, place.project, edit.actor, own);
    }
    const Person& who = people.at(edit.actor);
    const bool first = !issue.edited_at;
    const bool may = who.permission >= Permission::write;
    const bool might = issue.editor_permission >= Permission::write;
    if (first || (might && !may) || (might == may && edit.at > *issue.edited_at)) {
      issue.edited_at = edit.at;
      issue.edited_by = who.name;
      issue.editor_permission = who.permission;
    }
  }
}

}  // namespace

void fill_release(Server& server, const Place& place, const std::vector<json>& activities,
                  const std::string& state, const std::string& own, Issue& issue) {
  const Release release = release_of(activities, *place.states, state, own);
  issue.ready_by.at = release.at;
  issue.ready_by.note = release.note;
  if (!release.actor.empty()) {
    const Person who = person(server, place.project, release.actor, own);
    issue.ready_by.login = who.name;
    issue.ready_by.permission = who.permission;
    issue.ready_by.note = who.note;
    issue.ready_by.is_bot = who.is_bot || release.automation;
    if (release.automation) {
      issue.ready_by.note = "a rule of the project moved it, not a person";
    }
  }
  fill_edit(server, place, edits_after(activities, release), own, issue);
}

}  // namespace runner::trackers::plane
