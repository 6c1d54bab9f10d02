#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runner/trackers/plane.h"
#include "tests/contract/tracker/words.h"
#include "tests/stub/plane.h"
#include "tests/stub/stub_api.h"

namespace tracker_contract {

inline constexpr const char* kSeven = "2026-11-20T07:00:00Z";
inline constexpr const char* kNine = "2026-11-20T09:00:00Z";
inline constexpr const char* kAlice = "alice@acme.example";
inline constexpr const char* kGuest = "guest@acme.example";

/// A project SHOP with an item 1 in Backlog, and people of each role.
class PlaneTracker : public testing::Test {
 protected:
  explicit PlaneTracker(stub::Plane::Options options = {})
      : server(with_login(std::move(options))) {
    server.put("SHOP", 1, {});
    server.member(kAlice, 15);
    server.member(kGuest, 5);
    server.member("runner@acme.example", 20);
    options_.states = {{"ready", "Ready"},
                       {"in_progress", "In Progress"},
                       {"needs_human", "Needs Human"},
                       {"done", "Done"}};
    connect();
  }
  static stub::Plane::Options with_login(stub::Plane::Options options) {
    options.login = "runner@acme.example";
    return options;
  }
  /// As the next tick does.
  void connect() {
    reader = runner::trackers::make_plane_reader(options_, api);
    writer = runner::trackers::make_plane_writer(options_, api);
  }
  jobs::Issue look(jobs::IssueNumber number = 1) {
    return reader->issue(repo, number, labels).value();
  }
  std::size_t asked(const std::string& part) {
    return static_cast<std::size_t>(std::ranges::count_if(
        api.log, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
  std::string path_in(const std::string& project, const std::string& rest) {
    return "/api/v1/workspaces/acme/projects/" + id_of(project) + rest;
  }
  /// The id of a project, as any state of it tells.
  std::string id_of(const std::string& project) {
    const auto projects = api.get(std::string("/workspaces/acme/projects/")).value().body;
    const std::size_t name = projects.find("\"identifier\":\"" + project + "\"");
    const std::size_t id = projects.rfind("\"id\":\"", name) + 6;
    return projects.substr(id, projects.find('"', id) - id);
  }
  void release(jobs::IssueNumber number = 1, const std::string& by = kAlice) {
    server.move("SHOP", number, "Ready", by, kEight);
  }

  stub::Plane server;
  stub::StubApi api{"/api/v1", "",
                    [this](const stub::Request& request) { return server.answer(request); }};
  runner::trackers::PlaneOptions options_{
      .bot = "named-bot@acme.example",
      .workspace = "acme",
      .labels = {},
      .states = {},
      .project = [](const jobs::RepoName& name) -> std::optional<std::string> {
        return name.str() == "acme/shop"  ? std::optional<std::string>("shop")
               : name.str() == "acme/lib" ? std::optional<std::string>("LIB")
                                          : std::nullopt;
      }};
  jobs::Repo repo{.name = jobs::RepoName("acme/shop")};
  jobs::Repo lib{.name = jobs::RepoName("acme/lib")};
  jobs::Labels labels;
  std::unique_ptr<jobs::TrackerReader> reader;
  std::unique_ptr<jobs::TrackerWriter> writer;
};

}  // namespace tracker_contract
