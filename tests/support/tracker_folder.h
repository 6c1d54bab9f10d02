#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "jobs/base/time.h"
#include "jobs/model/fleet.h"
#include "jobs/ports/clock.h"
#include "tests/support/own_folder.h"

namespace test_support {

/// A clock that stands still until it is told.
class StillClock final : public jobs::Clock {
 public:
  jobs::TimePoint time = *jobs::parse_time("2026-11-21T09:30:00Z");
  jobs::TimePoint now() override { return time; }
  std::uint64_t random() override { return ++random_; }

 private:
  std::uint64_t random_ = 0;
};

/// A local tracker in a temporary folder, with the repository acme/shop.
class TrackerFolder {
 public:
  TrackerFolder() {
    config.name = "local";
    config.path = root_ + "/issues";
    repo.name = jobs::RepoName("acme/shop");
    std::filesystem::create_directories(folder());
  }

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string folder(const std::string& repo_name = "acme/shop") const {
    return config.path + "/" + repo_name;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return folder() + "/" + name; }

  static void write(const std::string& path, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void put(const std::string& name, const std::string& bytes) const { write(file(name), bytes); }
  [[nodiscard]] std::string get(const std::string& name) const { return read(file(name)); }
  void permissions(const std::string& toml) const {
    write(config.path + "/permissions.toml", toml);
  }

  jobs::TrackerConfig config;
  jobs::Repo repo;

 private:
  OwnFolder own_{"tracker"};
  std::string root_ = own_.path().string();
};

}  // namespace test_support
