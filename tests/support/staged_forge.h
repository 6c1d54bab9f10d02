#pragma once

#include <memory>
#include <string>

#include "tests/support/small_fleet.h"

namespace test_support {

/// A forge in GitHub's shape for the fleet of a scene: its issues and pull requests, over the
/// fleet's own bare remotes. What it remembers is kept and put back like the fleet's files.
class StagedForge {
 public:
  explicit StagedForge(SmallFleet& fleet);
  StagedForge(const StagedForge&) = delete;
  StagedForge& operator=(const StagedForge&) = delete;
  ~StagedForge();

  /// An issue that alice has released.
  void ready_issue(const std::string& repo);
  void keep();
  void put_back();
  /// The issues as files of a local tracker, for whoever judges from outside.
  void write_issues(const SmallFleet& fleet) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace test_support
