#pragma once

#include <cstdint>
#include <string>

#include "tests/stub/stub.h"

namespace bench {

struct FleetSize {
  int repositories = 1000;
  int issues = 10'000;  ///< ready ones, spread evenly
  int latency_ms = 20;
};

/// What the forge's own log says of the requests since some moment.
struct Traffic {
  int requests = 0;
  int graphql = 0;           ///< of these
  int points = 0;            ///< of GraphQL, as GitHub counts them
  std::int64_t bytes = 0;    ///< of answers
  int at_once = 0;           ///< the most that were on their way together
  int busiest_minute = 0;    ///< REST requests, in GitHub's points: a read is one, a write five
  int graphql_a_minute = 0;  ///< GraphQL requests in the busiest minute
};

/// A forge with many repositories in which people have labelled issues, every answer of which takes
/// its time; and the manifests of a fleet on it, whose remotes are bare repositories nearby. All of
/// it below `folder`.
class FarForge {
 public:
  FarForge(std::string folder, const FleetSize& size, bool with_issues);

  [[nodiscard]] std::string url() const { return stub_.url(); }
  [[nodiscard]] std::string manifests() const { return folder_ + "/manifests"; }
  /// Begins to count anew.
  void start_counting();
  [[nodiscard]] Traffic traffic() const;
  void forget_state() const;
  [[nodiscard]] std::string name_of(int repository) const;

 private:
  void write_manifests() const;
  void fill(bool with_issues);

  std::string folder_;
  FleetSize size_;
  stub::Stub stub_;
  std::size_t counted_from_ = 0;
  int points_before_ = 0;
};

}  // namespace bench
