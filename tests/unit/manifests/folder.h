#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "manifests/load.h"
#include "tests/support/own_folder.h"

/// A temporary folder of manifests that goes away with the object.
class Folder {
 public:
  Folder() = default;
  explicit Folder(std::string_view fleet) : Folder() { write("fleet.toml", fleet); }

  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  [[nodiscard]] std::string str() const { return path_.string(); }

  std::map<std::string, std::string> environment;

  [[nodiscard]] std::expected<manifests::Loaded, manifests::LoadFailure> load() const {
    return manifests::load(
        {.directory = str(), .env = [this](const std::string& name) -> std::optional<std::string> {
           const auto found = environment.find(name);
           return found == environment.end() ? std::nullopt : std::optional(found->second);
         }});
  }
  /// All errors as text, without the folder's own name; "" if there are none.
  [[nodiscard]] std::string errors() const {
    const auto loaded = load();
    if (loaded) {
      return {};
    }
    std::string text = manifests::render(loaded.error().diagnostics);
    for (std::size_t at = text.find(str()); at != std::string::npos; at = text.find(str())) {
      text.replace(at, str().size() + (text[at + str().size()] == '/' ? 1 : 0), "");
    }
    return text;
  }

 private:
  test_support::OwnFolder own_{"manifests"};
  std::filesystem::path path_ = own_.path();
};

/// The smallest fleet that does something.
inline constexpr std::string_view kMinimal = R"([fleet]
kill_switch = false
allow = ["acme/shop"]
[tracker.issues]
path = "issues"
[agent.coder]
command = ["./agent.sh"]
[[repo]]
name = "acme/shop"
remote = "shop.git"
test = ["make", "test"]
)";
