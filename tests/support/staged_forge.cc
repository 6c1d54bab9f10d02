#include "tests/support/staged_forge.h"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/stub/stub.h"

namespace test_support {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kToken = "token-of-a-scene";

stub::Stub::Options options(const SmallFleet& fleet) {
  stub::Stub::Options options;
  options.git_root = fleet.folder() + "/remotes";
  options.forge.login = "runner";
  options.forge.token = kToken;
  return options;
}

void write_issue(const fs::path& folder, const Json& issue, const Json& comments) {
  const int number = issue.at("number");
  Json labels = Json::array();
  for (const Json& label : issue.at("labels")) {
    labels.push_back(label.at("name"));
  }
  write_file((folder / fmt::format("{:04}-issue.md", number)).string(),
             fmt::format("+++\nnumber = {}\nstate = {}\nlabels = {}\n+++\n", number,
                         issue.at("state").dump(), labels.dump()));
  const fs::path beside = folder / fmt::format("{:04}.comments", number);
  fs::remove_all(beside);
  for (std::size_t i = 0; i < comments.size(); ++i) {
    fs::create_directories(beside);
    write_file(
        (beside / fmt::format("{:04}.md", i + 1)).string(),
        fmt::format("+++\nauthor = {}\n+++\n\n{}\n", comments[i].at("user").at("login").dump(),
                    comments[i].at("body").get<std::string>()));
  }
}

}  // namespace

struct StagedForge::Parts {
  explicit Parts(const SmallFleet& fleet) : stub(options(fleet)) {}
  stub::Stub stub;
  stub::Forge::Memory kept;
};

StagedForge::StagedForge(SmallFleet& fleet) : parts_(std::make_unique<Parts>(fleet)) {
  fleet.play.environment.push_back(std::string("FORGE_TOKEN=") + kToken);
  fleet.other_tables += "\n[tracker.hub]\nkind = \"github\"\nurl = \"" + parts_->stub.url() +
                        "\"\ntoken_env = \"FORGE_TOKEN\"\n";
}

StagedForge::~StagedForge() = default;

void StagedForge::ready_issue(const std::string& repo) {
  stub::Forge& forge = parts_->stub.forge;
  forge.add_repo(repo);
  forge.permit(repo, "alice", "write", "write");
  forge.label(repo, forge.add_issue(repo, "somebody", "Do something", "Please do it."),
              "ready-for-agent", "alice");
}

void StagedForge::keep() {
  parts_->kept = parts_->stub.forge.remember();
}

void StagedForge::put_back() {
  parts_->stub.forge.recall(parts_->kept);
}

void StagedForge::write_issues(const SmallFleet& fleet) const {
  const Json state = parts_->stub.forge.state();
  for (const auto& [name, repo] : state.items()) {
    const fs::path folder = fs::path(fleet.folder()) / "issues" / name;
    fs::create_directories(folder);
    for (const auto& [number, issue] : repo.at("issues").items()) {
      write_issue(folder, issue, repo.at("comments").value(number, Json::array()));
    }
  }
}

}  // namespace test_support
