#include "manifests/kill_switch.h"

#include <gtest/gtest.h>

namespace manifests {
namespace {

TEST(KillSwitch, ReadsTheUsualWords) {
  for (const char* word : {"1", "true", "TRUE", "on", "yes", "Yes"}) {
    EXPECT_EQ(parse_switch(word), true) << word;
  }
  for (const char* word : {"0", "false", "False", "off", "no"}) {
    EXPECT_EQ(parse_switch(word), false) << word;
  }
  for (const char* word : {"", " ", "2", "of", "0 ", "disabled", "null", "\n"}) {
    EXPECT_EQ(parse_switch(word), std::nullopt) << word;
  }
}

// Every combination: off only if every source is known to be off.
TEST(KillSwitch, Invariant8_NothingSwitchesOffWhatAnotherSourceHoldsOn) {
  const std::optional<bool> manifests[] = {std::nullopt, true, false};
  const std::optional<std::string> variables[] = {std::nullopt, "1", "0", "", "maybe"};
  const std::optional<jobs::Pause> pauses[] = {std::nullopt,
                                               jobs::Pause{.by = "ada", .why = "lunch", .at = {}}};
  int off = 0;
  for (const auto& manifest : manifests) {
    for (const auto& variable : variables) {
      for (const auto& pause : pauses) {
        for (const bool unreadable : {false, true}) {
          const KillSwitch result = kill_switch({.manifests = manifest,
                                                 .environment = variable,
                                                 .pause = pause,
                                                 .pause_unreadable = unreadable});
          const bool all_off =
              manifest == false && (!variable || *variable == "0") && !pause && !unreadable;
          EXPECT_EQ(result.on, !all_off) << result.text();
          EXPECT_EQ(result.reasons.empty(), !result.on);
          off += result.on ? 0 : 1;
        }
      }
    }
  }
  EXPECT_EQ(off, 2);
}

TEST(KillSwitch, NamesEverySourceThatHoldsItOn) {
  const KillSwitch result =
      kill_switch({.manifests = true,
                   .environment = "\x1b[31mno idea",
                   .pause = jobs::Pause{.by = "ada", .why = "lunch", .at = {}},
                   .pause_unreadable = false});
  ASSERT_EQ(result.reasons.size(), 3U);
  EXPECT_EQ(result.reasons[0].source, KillSwitchSource::manifests);
  EXPECT_FALSE(result.reasons[0].error);
  EXPECT_EQ(result.reasons[1].source, KillSwitchSource::environment);
  EXPECT_TRUE(result.reasons[1].error);
  EXPECT_EQ(result.reasons[1].text.find('\x1b'), std::string::npos);
  EXPECT_EQ(result.reasons[2].text, "paused by ada at 1970-01-01T00:00:00Z: lunch");
  EXPECT_TRUE(result.text().starts_with("on: "));
  EXPECT_EQ(kill_switch({.manifests = false, .environment = {}, .pause = {}}).text(), "off");
}

TEST(KillSwitch, DefaultsToOn) {
  EXPECT_TRUE(kill_switch({}).on);
  EXPECT_TRUE(KillSwitch{}.on);
}

}  // namespace
}  // namespace manifests
