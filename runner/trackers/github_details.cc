// What is asked about issues that may start, of each sort for all of them at once.
#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"
#include "runner/trackers/github_parts.h"

namespace runner::trackers::github {

using jobs::Blocker;
using jobs::ErrorKind;
using jobs::Issue;

namespace {

using Json = nlohmann::json;

/// Each has three connections, and a body of up to 64 KiB.
constexpr std::size_t kTextsInAQuery = 20;
constexpr std::size_t kMostPages = 30;
constexpr std::size_t kMostBlockers = 50;

/// One issue on its way.
struct Target {
  const jobs::Repo* repo = nullptr;
  Issue* issue = nullptr;
  Spot spot;
  std::vector<Edit> edits;

  [[nodiscard]] bool fine() const { return issue->problem.empty(); }
  void failed(const char* doing, const jobs::Error& error) const {
    if (fine()) {
      issue->problem = error.while_doing(doing).text();
    }
  }
};

class Completion {
 public:
  Completion(forge::Api& api, People& people, jobs::ForgeApi how, const jobs::Labels& labels)
      : api_(api), people_(people), how_(how), labels_(labels) {}

  void run(std::span<const jobs::WantedDetails> wanted) {
    for (const jobs::WantedDetails& one : wanted) {
      one.issue->details_left_out = false;
      auto place = place_of(*one.repo);
      Target target{.repo = one.repo, .issue = one.issue, .spot = {}, .edits = {}};
      if (place) {
        target.spot = {.place = *std::move(place), .number = one.issue->key.number};
      } else {
        target.failed("asking for its details", place.error());
      }
      targets_.push_back(std::move(target));
    }
    if (how_ == jobs::ForgeApi::rest || !texts_by_graphql()) {
      texts_by_rest();
    }
    events();
    blockers();
    permissions();
  }

 private:
  [[nodiscard]] std::vector<Target*> fine() {
    std::vector<Target*> all;
    for (Target& target : targets_) {
      if (target.fine()) {
        all.push_back(&target);
      }
    }
    return all;
  }

  void take(Target& target, Text text) {
    Issue& issue = *target.issue;
    issue.title = std::move(text.title);
    issue.body = std::move(text.body);
    issue.text_left_out = false;
    issue.url = std::move(text.url);
    issue.author = std::move(text.author);
    issue.open = text.open;
    for (std::string& label : text.labels) {  // in our spelling, so that all others can compare
      for (const std::string& ours : {labels_.ready, labels_.in_progress, labels_.human}) {
        label = jobs::same_but_for_case(label, ours) ? ours : label;
      }
    }
    issue.labels = std::move(text.labels);
    issue.priority = priority_of(issue.labels);
    target.edits = std::move(text.edits);
  }

  /// False: the server has none, and REST will do.
  bool texts_by_graphql() {
    const auto all = fine();
    std::vector<std::vector<Spot>> groups;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < all.size(); at += kTextsInAQuery) {
      std::vector<Spot>& group = groups.emplace_back();
      for (std::size_t i = at; i < std::min(all.size(), at + kTextsInAQuery); ++i) {
        group.push_back(all[i]->spot);
      }
      bodies.push_back(text_query(group));
    }
    const auto replies = api_.query(bodies);
    if (how_ == jobs::ForgeApi::automatic && !replies.empty() && !replies.front() &&
        replies.front().error().kind == ErrorKind::not_found) {
      return false;
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto texts = replies[i]
                       ? parse_texts(replies[i]->body, groups[i])
                       : std::vector<jobs::Result<Text>>(groups[i].size(), replies[i].error());
      for (std::size_t j = 0; j < texts.size(); ++j) {
        Target& target = *all[i * kTextsInAQuery + j];
        if (texts[j]) {
          take(target, *std::move(texts[j]));
        } else {
          target.failed("reading its text", texts[j].error());
        }
      }
    }
    return true;
  }

  void each(std::initializer_list<std::string_view> rest, const std::string& query,
            const std::function<void(Target&, jobs::Result<forge::Reply>)>& use) {
    const auto all = fine();
    std::vector<std::string> paths;
    for (const Target* target : all) {
      const std::string number = std::to_string(target->spot.number);
      const std::string path = target->spot.place.path({"issues", number});
      paths.push_back(path + forge::path_of(std::span(rest.begin(), rest.size())) + query);
    }
    auto replies = api_.get(paths);
    for (std::size_t i = 0; i < all.size(); ++i) {
      use(*all[i], std::move(replies[i]));
    }
  }

  void texts_by_rest() {
    each({}, "", [&](Target& target, jobs::Result<forge::Reply> reply) {
      auto text = reply ? parse_rest_issue(reply->body) : jobs::Result<Text>(reply.error());
      if (text) {
        take(target, *std::move(text));
      } else {
        target.failed("reading it", text.error());
      }
    });
  }

  /// The first page is there already; the others come one after the other.
  jobs::Result<Json> all_entries(forge::Reply first) {
    std::vector<forge::Reply> pages;
    std::string next = first.next;
    pages.push_back(std::move(first));
    if (!next.empty()) {
      RUNNER_ASSIGN(std::vector<forge::Reply> more, api_.get_all(next, kMostPages));
      std::ranges::move(more, std::back_inserter(pages));
    }
    return entries_of(pages);
  }

  void events() {
    const auto own = people_.own_login();
    each({"events"}, "?per_page=100", [&](Target& target, jobs::Result<forge::Reply> reply) {
      constexpr const char* kDoing = "reading who set its labels";
      if (!own) {
        return target.failed(kDoing, own.error());
      }
      auto list = reply ? all_entries(*std::move(reply)) : jobs::Result<Json>(reply.error());
      if (!list) {
        return target.failed(kDoing, list.error());
      }
      target.issue->ready_by = target.issue->has_label(labels_.ready)
                                   ? label_actor(*list, labels_.ready, *own)
                                   : jobs::LabelActor{};
    });
  }

  void blockers() {
    std::map<Spot, Blocker> states;  // of references in bodies; looked up together
    each({"dependencies", "blocked_by"}, "?per_page=100",
         [&](Target& target, jobs::Result<forge::Reply> reply) {
           if (!reply && reply.error().kind == ErrorKind::not_found) {
             return;  // An older server, which has no dependencies.
           }
           auto list = reply ? all_entries(*std::move(reply)) : jobs::Result<Json>(reply.error());
           if (!list) {
             return target.failed("reading what blocks it", list.error());
           }
           for (const Json& one : *list) {
             target.issue->blockers.push_back(native_blocker(target, one));
           }
         });
    for (Target* target : fine()) {
      for (const Spot& spot : references_of(*target)) {
        states.try_emplace(spot);
      }
    }
    look_up(states);
    for (Target* target : fine()) {
      add_references(*target, states);
    }
  }

  /// "#7" in its own repository, "acme/lib#7" in another.
  static std::string shown(const Target& target, const Spot& spot) {
    const bool own = jobs::same_but_for_case(spot.place.str(), target.spot.place.str());
    return fmt::format("{}#{}", own ? "" : spot.place.str(), spot.number);
  }

  static Blocker native_blocker(const Target& target, const Json& one) {
    Blocker blocker;
    // ".../repos/OWNER/NAME"
    const std::string url = text_at(one, "repository_url");
    const std::size_t repos = url.rfind("/repos/");
    const auto place =
        repos == std::string::npos ? std::nullopt : parse_place(url.substr(repos + 7));
    const std::string state = text_at(one, "state");
    const jobs::IssueNumber number = number_at(one, "number");
    if (!place || number <= 0 || (state != "open" && state != "closed")) {
      blocker.reference = "a blocker";
      blocker.detail = "the server does not show it";
      return blocker;
    }
    blocker.reference = shown(target, {.place = *place, .number = number});
    blocker.state = state == "open" ? Blocker::State::open : Blocker::State::closed;
    return blocker;
  }

  static std::optional<Spot> parse_reference(const Target& target, std::string_view reference) {
    const std::size_t hash = reference.rfind('#');
    const auto place =
        hash == 0 ? std::optional(target.spot.place) : parse_place(reference.substr(0, hash));
    jobs::IssueNumber number = 0;
    for (const char digit : reference.substr(hash + 1)) {
      number = number * 10 + (digit - '0');
    }
    return place && number > 0 ? std::optional(Spot{*place, number}) : std::nullopt;
  }

  static std::vector<Spot> references_of(const Target& target) {
    std::vector<Spot> spots;
    for (const std::string& reference : jobs::blocked_by_references(target.issue->body)) {
      if (const auto spot = parse_reference(target, reference)) {
        spots.push_back(*spot);
      }
    }
    return spots;
  }

  void look_up(std::map<Spot, Blocker>& states) {
    std::vector<std::string> paths;
    for (const auto& [spot, blocker] : states) {
      paths.push_back(spot.place.path({"issues", std::to_string(spot.number)}));
    }
    const auto replies = api_.get(paths);
    std::size_t i = 0;
    for (auto& [spot, blocker] : states) {
      const auto& reply = replies[i++];
      const auto text = reply ? parse_rest_issue(reply->body) : jobs::Result<Text>(reply.error());
      if (text) {
        blocker.state = text->open ? Blocker::State::open : Blocker::State::closed;
      } else {
        blocker.detail = text.error().message;
      }
    }
  }

  static void add_references(Target& target, const std::map<Spot, Blocker>& states) {
    for (const std::string& reference : jobs::blocked_by_references(target.issue->body)) {
      const auto spot = parse_reference(target, reference);
      Blocker blocker;
      blocker.detail = "it names no repository";
      if (spot) {
        blocker = states.at(*spot);
      }
      blocker.reference = spot ? shown(target, *spot) : reference;
      const bool there = std::ranges::any_of(target.issue->blockers, [&](const Blocker& other) {
        return jobs::same_but_for_case(other.reference, blocker.reference);
      });
      if (!there && target.issue->blockers.size() < kMostBlockers) {
        target.issue->blockers.push_back(std::move(blocker));
      }
    }
  }

  void permissions() {
    std::set<std::pair<Place, std::string>> whom;
    for (const Target* target : fine()) {
      const jobs::LabelActor& actor = target->issue->ready_by;
      if (!actor.login.empty() && !actor.is_bot) {
        whom.emplace(target->spot.place, actor.login);
      }
      for (const Edit& edit : target->edits) {
        if (!edit.login.empty() && actor.at && edit.at > *actor.at) {
          whom.emplace(target->spot.place, edit.login);
        }
      }
    }
    const std::vector<std::pair<Place, std::string>> list(whom.begin(), whom.end());
    const auto answers = people_.ask(list);
    for (Target* target : fine()) {
      judge(*target, answers);
    }
  }

  static void judge(const Target& target,
                    const std::map<std::pair<Place, std::string>, People::Answer>& answers) {
    Issue& issue = *target.issue;
    std::map<std::string, jobs::Permission> permissions;
    for (const auto& [who, answer] : answers) {
      if (who.first == target.spot.place) {
        permissions[who.second] = answer.permission;
      }
    }
    if (const auto known = answers.find({target.spot.place, issue.ready_by.login});
        known != answers.end() && !issue.ready_by.is_bot) {
      issue.ready_by.permission = known->second.permission;
      issue.ready_by.note = known->second.problem;
    }
    if (const Edit* edit = edit_that_matters(target.edits, issue.ready_by.at, permissions)) {
      issue.edited_at = edit->at;
      issue.edited_by = edit->login;
      const auto known = permissions.find(edit->login);
      issue.editor_permission =
          known == permissions.end() ? jobs::Permission::unknown : known->second;
    }
  }

  forge::Api& api_;
  People& people_;
  jobs::ForgeApi how_;
  const jobs::Labels& labels_;
  std::vector<Target> targets_;
};

}  // namespace

void complete(forge::Api& api, People& people, jobs::ForgeApi how,
              std::span<const jobs::WantedDetails> wanted, const jobs::Labels& labels) {
  Completion(api, people, how, labels).run(wanted);
}

}  // namespace runner::trackers::github
