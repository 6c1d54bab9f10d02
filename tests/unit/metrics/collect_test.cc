#include "metrics/collect.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "metrics/textfile.h"
#include "tests/fakes/memory_store.h"
#include "tests/support/sample_state.h"

namespace metrics {
namespace {

constexpr jobs::TimePoint kNow{std::chrono::seconds{1'800'000'000}};

std::vector<Family> sample(bool kill_switch = false) {
  fakes::MemoryStore store;
  EXPECT_TRUE(test_support::fill_sample_state(store, kNow, "/turns").has_value());
  auto families = collect(store, test_support::sample_fleet(), kill_switch, kNow);
  EXPECT_TRUE(families.has_value());
  return families.value_or(std::vector<Family>{});
}

/// The value of one series, or -1.
double value(const std::vector<Family>& families, Name name,
             const std::vector<std::string>& labels) {
  for (const Family& family : families) {
    for (const Sample& sample : family.samples) {
      if (family.name == name && sample.labels == labels) {
        return sample.value;
      }
    }
  }
  return -1;
}

TEST(MetricsCollect, ShowsWhatTheStateHolds) {
  const auto families = sample();
  EXPECT_EQ(value(families, Name::live_runs, {"acme/shop"}), 1);
  EXPECT_EQ(value(families, Name::live_runs, {"acme/web"}), 0);
  EXPECT_EQ(value(families, Name::oldest_live_run_age, {}), 200 * 60 + 30);
  EXPECT_EQ(value(families, Name::runs, {"acme/shop", "landed"}), 1);
  EXPECT_EQ(value(families, Name::runs, {"acme/lib", "frozen"}), 1);
  EXPECT_EQ(value(families, Name::runs_started, {"acme/shop"}), 2);
  EXPECT_EQ(value(families, Name::decisions, {"acme/shop", "blocked-by"}), 1);
  EXPECT_EQ(value(families, Name::outbox_pending, {"notify"}), 1);
  EXPECT_EQ(value(families, Name::brakes, {"repo"}), 1);
  EXPECT_EQ(value(families, Name::brakes, {"fleet"}), 0);
  EXPECT_EQ(value(families, Name::ticks, {"0"}), 2);
  EXPECT_EQ(value(families, Name::last_tick_exit_code, {}), 0);
  EXPECT_EQ(value(families, Name::last_tick_timestamp, {}), 1'800'000'000 - (200 * 60 + 30) + 2);
  EXPECT_EQ(value(families, Name::budget_usd, {"day"}), 20);
  EXPECT_EQ(value(families, Name::budget_usd, {"month"}), -1) << "no cap, no series";
  EXPECT_DOUBLE_EQ(value(families, Name::spent_usd, {"acme/shop", "coder"}), 0.12);
  EXPECT_EQ(value(families, Name::spent_tokens, {"acme/lib", "coder"}), 1200);
  EXPECT_DOUBLE_EQ(value(families, Name::spend_usd, {"day"}), 0.24 + 5);
  // Two settled turns and one open reservation.
  EXPECT_DOUBLE_EQ(value(families, Name::spend_usd, {"month"}), 0.24 + 5);
}

TEST(MetricsCollect, TellsTheKillSwitch) {
  EXPECT_EQ(value(sample(false), Name::kill_switch, {}), 0);
  EXPECT_EQ(value(sample(true), Name::kill_switch, {}), 1);
}

TEST(MetricsCollect, EmptyStateHasWhatAlertsWatchAtZero) {
  fakes::MemoryStore store;
  const auto families = collect(store, test_support::sample_fleet(), true, kNow);
  ASSERT_TRUE(families.has_value());
  EXPECT_EQ(value(*families, Name::runs, {"acme/web", "frozen"}), 0);
  EXPECT_EQ(value(*families, Name::effects, {"notify", "given-up"}), 0);
  EXPECT_EQ(value(*families, Name::ticks, {"1"}), 0);
  EXPECT_EQ(value(*families, Name::last_tick_timestamp, {}), -1) << "no tick has finished";
}

TEST(MetricsCollect, CountersSurviveRetention) {
  fakes::MemoryStore store;
  ASSERT_TRUE(test_support::fill_sample_state(store, kNow, "/turns").has_value());
  const auto lease = store.acquire_lease("host:1:1:test", kNow, std::chrono::minutes(2));
  ASSERT_TRUE(lease.has_value());
  const auto before = collect(store, test_support::sample_fleet(), false, kNow);
  ASSERT_TRUE(
      store.prune(*lease, {.ended_runs_before = kNow, .decisions_before = kNow}).has_value());
  const auto after = collect(store, test_support::sample_fleet(), false, kNow);
  ASSERT_TRUE(before.has_value() && after.has_value());
  int counters = 0;
  for (const Family& family : *before) {
    if (metric(family.name).type == Type::counter) {
      for (const Sample& sample : family.samples) {
        ++counters;
        EXPECT_GE(value(*after, family.name, sample.labels), sample.value)
            << metric(family.name).name;
      }
    }
  }
  EXPECT_GT(counters, 20);
}

/// Labels hold repositories, agents and words of enums: nothing that an issue or a run says, and no
/// number of one.
TEST(MetricsCollect, Invariant12_NothingThatWasSaidReachesAMetric) {
  ASSERT_EQ(setenv("RUNNER_TEST_TOKEN", "s3cr3t-t0ken", 1), 0);
  const std::string text = to_text(sample());
  for (const char* never : {"s3cr3t-t0ken", "\x1b", "evil", "alice", "health check", "refused",
                            "r01kh5", "t01kh5", "#3", "runner/3", "/turns"}) {
    EXPECT_EQ(text.find(never), std::string::npos) << never;
  }
  const std::set<std::string_view> bounded{"repo",  "reason", "outcome", "agent",
                                           "kind",  "end",    "state",   "exit_code",
                                           "scope", "window", "version"};
  for (const Metric& known : kMetrics) {
    for (const std::string_view label : known.labels) {
      EXPECT_TRUE(label.empty() || bounded.contains(label)) << known.name << " " << label;
    }
  }
}

TEST(MetricsNames, TableIsInTheOrderOfTheEnumAndWellNamed) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kNameCount; ++i) {
    const Metric& known = kMetrics.at(i);
    EXPECT_EQ(static_cast<std::size_t>(known.id), i) << known.name;
    EXPECT_TRUE(known.name.starts_with("runner_")) << known.name;
    EXPECT_EQ(known.name.ends_with("_total"), known.type == Type::counter) << known.name;
    EXPECT_TRUE(known.help.ends_with(".")) << known.name;
    EXPECT_TRUE(names.insert(known.name).second) << known.name;
  }
}

TEST(MetricsNames, DocumentDescribesEveryMetricAndNoOther) {
  std::ifstream file(std::string(RUNNER_SOURCE_DIR) + "/docs/metrics.md");
  std::stringstream read;
  read << file.rdbuf();
  const std::string page = read.str();
  std::set<std::string> described;
  for (std::size_t at = page.find("\n| `runner_"); at != std::string::npos;
       at = page.find("\n| `runner_", at + 1)) {
    const std::size_t begin = at + 4;
    described.insert(page.substr(begin, page.find_first_of("`{", begin) - begin));
  }
  std::set<std::string> known;
  for (const Metric& metric : kMetrics) {
    known.insert(std::string(metric.name));
  }
  EXPECT_EQ(described, known);
}

TEST(MetricsText, IsTheSameForTheSameState) {
  EXPECT_EQ(to_text(sample()), to_text(sample()));
}

TEST(MetricsText, Golden) {
  std::vector<Family> few{
      {Name::kill_switch, {{{}, 1}}},
      {Name::runs, {{{"acme/shop", "landed"}, 3}, {{"a\"b\\c\nd", "frozen"}, 0.5}}}};
  EXPECT_EQ(
      to_text(few),
      "# HELP runner_kill_switch 1 while the kill switch is on, whoever holds it: nothing is read, "
      "written or started.\n"
      "# TYPE runner_kill_switch gauge\n"
      "runner_kill_switch 1\n"
      "# HELP runner_runs_total Runs that ended, by outcome.\n"
      "# TYPE runner_runs_total counter\n"
      "runner_runs_total{repo=\"acme/shop\",outcome=\"landed\"} 3\n"
      "runner_runs_total{repo=\"a\\\"b\\\\c\\nd\",outcome=\"frozen\"} 0.5\n");
}

TEST(MetricsText, PromtoolFindsNothingToSay) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool is not installed";
  }
  FILE* promtool = popen("promtool check metrics 2>&1", "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = to_text(sample());
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(pclose(promtool), 0);
}

}  // namespace
}  // namespace metrics
