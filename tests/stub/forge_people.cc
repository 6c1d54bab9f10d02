// What people do on a forge, beside the requests.
#include <fmt/format.h>

#include "tests/stub/forge.h"
#include "tests/stub/rest_shapes.h"

namespace stub {

void Forge::make_bot(const std::string& login) {
  const std::lock_guard lock(mutex_);
  bots_.insert(login);
}

Forge::Json Forge::account(const std::string& login) const {
  Json one = rest::person(login);
  if (bots_.contains(login)) {
    one["type"] = "Bot";
  }
  return one;
}

void Forge::unlabel(const std::string& repo, int number, const std::string& label,
                    const std::string& actor) {
  const std::lock_guard lock(mutex_);
  Json& place = writing().at(repo);
  drop_label(place, place.at("issues").at(std::to_string(number)), label, actor);
}

void Forge::forget_actor(const std::string& repo, int number) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["events"][std::to_string(number)].back()["actor"] = nullptr;
}

void Forge::by_app(const std::string& repo, int number, const std::string& slug) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["events"][std::to_string(number)].back()["performed_via_github_app"] =
      rest::app(7, slug);
}

void Forge::edit_body(const std::string& repo, int number, const std::string& body,
                      const std::string& editor) {
  const std::lock_guard lock(mutex_);
  Json& place = writing().at(repo);
  const std::string key = std::to_string(number);
  Json& issue = place.at("issues").at(key);
  Json& edits = place["edits"][key];
  if (edits.is_null()) {
    // The first edit also shows what was there from the beginning.
    edits.push_back({{"at", issue.at("created_at")}, {"editor", issue.at("user")}});
  }
  issue["body"] = body;
  issue["updated_at"] = timestamp();
  edits.push_back(
      {{"at", timestamp()}, {"editor", editor.empty() ? Json() : rest::person(editor)}});
}

void Forge::edit_title(const std::string& repo, int number, const std::string& title,
                       const std::string& editor) {
  const std::lock_guard lock(mutex_);
  Json& place = writing().at(repo);
  const std::string key = std::to_string(number);
  Json& issue = place.at("issues").at(key);
  place["events"][key].push_back({{"id", next_id_++},
                                  {"event", "renamed"},
                                  {"actor", rest::person(editor)},
                                  {"created_at", timestamp()},
                                  {"commit_id", nullptr},
                                  {"performed_via_github_app", nullptr},
                                  {"rename", {{"from", issue.at("title")}, {"to", title}}}});
  issue["title"] = title;
  issue["updated_at"] = timestamp();
}

void Forge::close_issue(const std::string& repo, int number) {
  const std::lock_guard lock(mutex_);
  Json& issue = writing().at(repo).at("issues").at(std::to_string(number));
  issue["state"] = "closed";
  issue["state_reason"] = "completed";
  issue["closed_at"] = issue["updated_at"] = timestamp();
}

void Forge::add_comment(const std::string& repo, int number, const std::string& author,
                        const std::string& body) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["comments"][std::to_string(number)].push_back({{"id", next_id_++},
                                                                    {"user", rest::person(author)},
                                                                    {"body", body},
                                                                    {"created_at", timestamp()},
                                                                    {"updated_at", timestamp()}});
}

void Forge::rename(const std::string& old, const std::string& repo) {
  const std::lock_guard lock(mutex_);
  Json& state = writing();
  state[repo] = state.at(old);
  state.erase(old);
  renamed_[old] = repo;
}

void Forge::set_flag(const std::string& repo, const std::string& flag, bool value) {
  const std::lock_guard lock(mutex_);
  writing().at(repo)["flags"][flag] = value;
}

Forge::Memory Forge::remember() const {
  const std::lock_guard lock(mutex_);
  return {.state = state_, .next_id = next_id_, .clock = clock_, .pulls = pulls.remember()};
}

void Forge::recall(const Memory& memory) {
  const std::lock_guard lock(mutex_);
  state_ = memory.state;
  earlier_.clear();
  used_ = 0;
  next_id_ = memory.next_id;
  clock_ = memory.clock;
  pulls.recall(memory.pulls);
}

}  // namespace stub
