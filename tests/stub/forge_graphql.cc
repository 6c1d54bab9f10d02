// GraphQL in GitHub's shape: the types, fields and arguments that are written down here, and an
// error for every other.
#include <algorithm>
#include <functional>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/stub/forge.h"
#include "tests/stub/graphql.h"

namespace stub {

namespace {

using Json = nlohmann::json;

struct UndefinedField : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool same(std::string a, std::string b) {
  std::ranges::transform(a, a.begin(), ::tolower);
  std::ranges::transform(b, b.begin(), ::tolower);
  return a == b;
}

/// Picks `selections` from an object whose fields `field` gives.
Json pick(const std::vector<Selection>& selections, const std::string& type,
          const std::function<Json(const Selection&)>& field) {
  Json out = Json::object();
  for (const Selection& one : selections) {
    if (!one.on.empty()) {
      if (one.on == type) {
        out.update(pick(one.below, type, field));
      }
    } else if (one.name == "__typename") {
      out[one.alias] = type;
    } else {
      out[one.alias] = field(one);
    }
  }
  return out;
}

[[noreturn]] void undefined(const Selection& one, const std::string& type) {
  throw UndefinedField(fmt::format("Field '{}' doesn't exist on type '{}'", one.name, type));
}

/// A page of `items`; a cursor is the place of an entry.
Json connection(const Selection& selection, const std::string& type, const std::vector<Json>& items,
                const std::function<Json(const Selection&, const Json&)>& node) {
  const Json& arguments = selection.arguments;
  const std::size_t most = arguments.value("first", arguments.value("last", std::size_t{100}));
  if (most > 100) {
    throw std::runtime_error("Requesting more than 100 records");
  }
  const std::string after = arguments.value("after", "");
  std::size_t begin = after.empty() ? 0 : std::stoul(after);
  if (arguments.contains("last")) {
    begin = items.size() > most ? items.size() - most : 0;
  }
  const std::size_t end = std::min(items.size(), begin + most);
  return pick(selection.below, type, [&](const Selection& one) -> Json {
    if (one.name == "totalCount") {
      return items.size();
    }
    if (one.name == "pageInfo") {
      return pick(one.below, "PageInfo", [&](const Selection& info) -> Json {
        if (info.name == "hasNextPage") {
          return end < items.size();
        }
        if (info.name == "endCursor") {
          return end == begin ? Json() : Json(std::to_string(end));
        }
        undefined(info, "PageInfo");
      });
    }
    if (one.name == "nodes") {
      Json nodes = Json::array();
      for (std::size_t i = begin; i < end; ++i) {
        nodes.push_back(node(one, items[i]));
      }
      return nodes;
    }
    undefined(one, type);
  });
}

Json actor(const Selection& selection, const Json& user) {
  if (!user.is_object()) {
    return nullptr;
  }
  std::string login = user.at("login");
  const std::string type = user.value("type", "User");
  return pick(selection.below, type, [&](const Selection& one) -> Json {
    if (one.name == "login") {
      return login;
    }
    undefined(one, type);
  });
}

std::vector<Json> entries(const Json& list) {
  return list.is_array() ? std::vector<Json>(list.begin(), list.end()) : std::vector<Json>();
}

Json label_node(const Selection& selection, const Json& label) {
  return pick(selection.below, "Label", [&](const Selection& one) -> Json {
    if (one.name == "name") {
      return label.at("name");
    }
    undefined(one, "Label");
  });
}

Json issue_node(const std::vector<Selection>& selections, const std::string& name, const Json& repo,
                const Json& issue) {
  const std::string number = std::to_string(issue.at("number").get<int>());
  return pick(selections, "Issue", [&](const Selection& one) -> Json {
    if (one.name == "number" || one.name == "title" || one.name == "body") {
      return issue.at(one.name);
    }
    if (one.name == "url") {
      return fmt::format("https://github.com/{}/issues/{}", name, number);
    }
    if (one.name == "state") {
      return issue.at("state") == "open" ? "OPEN" : "CLOSED";
    }
    if (one.name == "author") {
      return actor(one, issue.at("user"));
    }
    if (one.name == "labels") {
      return connection(one, "LabelConnection", entries(issue.at("labels")), label_node);
    }
    if (one.name == "userContentEdits") {
      auto edits = entries(repo.at("edits").value(number, Json::array()));
      std::ranges::reverse(edits);  // newest first
      if (edits.empty()) {
        return nullptr;
      }
      return connection(
          one, "UserContentEditConnection", edits, [](const Selection& node, const Json& edit) {
            return pick(node.below, "UserContentEdit", [&](const Selection& field) -> Json {
              if (field.name == "editedAt") {
                return edit.at("at");
              }
              if (field.name == "editor") {
                return actor(field, edit.at("editor"));
              }
              undefined(field, "UserContentEdit");
            });
          });
    }
    if (one.name == "timelineItems") {
      if (one.arguments.value("itemTypes", Json()) != Json{"RENAMED_TITLE_EVENT"}) {
        throw std::runtime_error("only renames are kept here");
      }
      std::vector<Json> renames;
      for (const Json& event : repo.at("events").value(number, Json::array())) {
        if (event.at("event") == "renamed") {
          renames.push_back(event);
        }
      }
      return connection(one, "IssueTimelineItemsConnection", renames,
                        [](const Selection& node, const Json& event) {
                          return pick(node.below, "RenamedTitleEvent",
                                      [&](const Selection& field) -> Json {
                                        if (field.name == "createdAt") {
                                          return event.at("created_at");
                                        }
                                        if (field.name == "actor") {
                                          return actor(field, event.at("actor"));
                                        }
                                        undefined(field, "RenamedTitleEvent");
                                      });
                        });
    }
    undefined(one, "Issue");
  });
}

/// Open or closed issues that have any of the labels, oldest first.
std::vector<Json> filtered(const Json& repo, const Selection& selection) {
  const Json& arguments = selection.arguments;
  std::vector<Json> found;
  for (const auto& [number, issue] : repo.at("issues").items()) {
    const std::string state = issue.at("state") == "open" ? "OPEN" : "CLOSED";
    const Json states = arguments.value("states", Json::array());
    const Json labels = arguments.value("labels", Json::array());
    const bool labelled = std::ranges::any_of(labels, [&](const Json& wanted) {
      return std::ranges::any_of(issue.at("labels"),
                                 [&](const Json& each) { return same(each.at("name"), wanted); });
    });
    if ((states.empty() || std::ranges::find(states, Json(state)) != states.end()) &&
        (labels.empty() || labelled)) {
      found.push_back(issue);
    }
  }
  std::ranges::sort(found, {}, [](const Json& issue) { return issue.at("number").get<int>(); });
  return found;
}

Json repository_node(const Selection& selection, const std::string& name, const Json& repo,
                     Json& errors) {
  const Json& flags = repo.at("flags");
  return pick(selection.below, "Repository", [&](const Selection& one) -> Json {
    if (one.name == "nameWithOwner") {
      return name;
    }
    if (one.name == "isArchived") {
      return flags.value("archived", false);
    }
    if (one.name == "hasIssuesEnabled") {
      return flags.value("issues", true);
    }
    if (one.name == "issues") {
      return connection(one, "IssueConnection", filtered(repo, one),
                        [&](const Selection& node, const Json& issue) {
                          return issue_node(node.below, name, repo, issue);
                        });
    }
    if (one.name == "issue") {
      const std::string number = std::to_string(one.arguments.at("number").get<int>());
      if (!repo.at("issues").contains(number)) {
        errors.push_back(
            {{"type", "NOT_FOUND"},
             {"path", {selection.alias, one.alias}},
             {"message", "Could not resolve to an Issue with the number of " + number + "."}});
        return nullptr;
      }
      return issue_node(one.below, name, repo, repo.at("issues").at(number));
    }
    undefined(one, "Repository");
  });
}

}  // namespace

Answer Forge::graphql(const Request& request, const Json& seen) {
  const Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("query")) {
    return json_answer(400, R"({"message":"Problems parsing JSON","status":"400"})");
  }
  Json errors = Json::array();
  try {
    const auto query =
        parse_graphql(body.at("query").get<std::string>(), body.value("variables", Json::object()));
    const int cost = cost_of(query);
    points_ += cost;
    const Json data = pick(query, "Query", [&](const Selection& one) -> Json {
      if (one.name == "rateLimit") {
        return pick(one.below, "RateLimit", [&](const Selection& field) -> Json {
          if (field.name == "cost") {
            return cost;
          }
          if (field.name == "remaining") {
            return 5000 - points_;
          }
          if (field.name == "resetAt") {
            return timestamp();
          }
          undefined(field, "RateLimit");
        });
      }
      if (one.name == "viewer") {
        return actor(one, Json{{"login", options_.login}});
      }
      if (one.name != "repository") {
        undefined(one, "Query");
      }
      std::string name = fmt::format("{}/{}", one.arguments.at("owner").get<std::string>(),
                                     one.arguments.at("name").get<std::string>());
      if (const auto moved = renamed_.find(name); moved != renamed_.end()) {
        name = moved->second;
      }
      if (!seen.contains(name)) {
        errors.push_back(
            {{"type", "NOT_FOUND"},
             {"path", {one.alias}},
             {"message",
              fmt::format("Could not resolve to a Repository with the name '{}'.", name)}});
        return nullptr;
      }
      return repository_node(one, name, seen.at(name), errors);
    });
    Json answer = {{"data", data}};
    if (!errors.empty()) {
      answer["errors"] = errors;
    }
    return json_answer(200, answer.dump());
  } catch (const UndefinedField& undefined_field) {
    return json_answer(200, Json{{"errors",
                                  {{{"message", undefined_field.what()},
                                    {"extensions", {{"code", "undefinedField"}}}}}}}
                                .dump());
  } catch (const std::exception& broken) {
    return json_answer(200, Json{{"errors", {{{"message", broken.what()}}}}}.dump());
  }
}

}  // namespace stub
