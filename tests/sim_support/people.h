#pragma once

#include "tests/sim_support/world.h"

namespace sim {

/// Carries one line of the script out: what people, operators and the outside do, and what is put
/// up for the next occasion.
class People {
 public:
  explicit People(World& world) : world_(world) {}
  void act(const Step& step);
  /// Everything that lasts comes to its end: reachable remotes, full manifests, no switch.
  void stop();

 private:
  [[nodiscard]] jobs::IssueKey key(const Step& step) const;
  [[nodiscard]] bool exists(const jobs::IssueKey& key) const;
  void on_issue(const Step& step);
  void on_manifests(const Step& step);
  void on_world(const Step& step);
  void release(const jobs::IssueKey& key, const std::string& by, const Step& step);
  void edit_fleet(const std::function<void(jobs::Fleet&)>& how);
  void later(jobs::Duration after, std::function<void()> what);

  World& world_;
};

}  // namespace sim
