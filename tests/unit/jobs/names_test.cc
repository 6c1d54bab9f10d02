#include <set>
#include <string>

#include <gtest/gtest.h>

#include "jobs/model/decision.h"
#include "jobs/model/effect.h"
#include "jobs/model/fleet.h"
#include "jobs/model/issue.h"
#include "jobs/model/ledger.h"
#include "jobs/model/run.h"
#include "jobs/model/tick.h"
#include "jobs/model/turn.h"
#include "jobs/pipelines/next_action.h"
#include "jobs/ports/ci.h"

namespace jobs {
namespace {

/// Every value from the first to `last` has a name of its own, made of lower-case words.
template <typename Enum>
std::set<std::string> names_up_to(Enum last) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const std::string name(to_string(static_cast<Enum>(i)));
    EXPECT_TRUE(names.insert(name).second) << name << " stands for two values";
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << name;
    EXPECT_FALSE(name.empty());
  }
  return names;
}

/// They are read back as what they were; nothing else is read (section 17: "errored" for "error").
template <typename Enum, typename Parse>
void round_trip(Enum last, Parse parse) {
  for (const std::string& name : names_up_to(last)) {
    const std::optional<Enum> value = parse(name);
    ASSERT_TRUE(value.has_value()) << name;
    EXPECT_EQ(to_string(*value), name);
    for (const std::string& wrong :
         {name + "x", name + "ed", " " + name, name.substr(1), std::string("?"), std::string()}) {
      const std::optional<Enum> read = parse(wrong);
      EXPECT_TRUE(!read || to_string(*read) == wrong) << wrong;
    }
  }
}

TEST(Names, OfEveryStoredEnumRoundTrip) {
  round_trip(Reason::selected, parse_reason);
  round_trip(Outcome::superseded, parse_outcome);
  round_trip(RunStep::ended, parse_run_step);
  round_trip(Phase::done, parse_phase);
  round_trip(RequestKind::release, parse_request_kind);
  round_trip(TurnKind::command, parse_turn_kind);
  round_trip(TurnState::ended, parse_turn_state);
  round_trip(TurnEnd::lost, parse_turn_end);
  round_trip(AgentEnd::no_session, parse_agent_end);
  round_trip(EffectKind::notify, parse_effect_kind);
  round_trip(EffectState::given_up, parse_effect_state);
  round_trip(LedgerKind::release, parse_ledger_kind);
  round_trip(TickJob::janitor, parse_tick_job);
}

TEST(Names, OfTheOtherEnumsAreDistinct) {
  names_up_to(ActionKind::finish);
  names_up_to(Verdict::absent);
  names_up_to(StageKind::ci);
  names_up_to(Permission::admin);
  names_up_to(Containment::group);
  names_up_to(TrackerKind::plane);
  names_up_to(ForgeApi::rest);
  names_up_to(AgentKind::opencode);
  names_up_to(CiKind::woodpecker);
  names_up_to(Network::none);
  names_up_to(LandingMode::pull_request);
  names_up_to(ErrorKind::bug);
}

TEST(NeverAgain, AMisspeltStatusIsNoStatus) {
  EXPECT_FALSE(parse_turn_end("exitted"));
  EXPECT_FALSE(parse_outcome("errored"));
  EXPECT_FALSE(parse_run_step("done"));
}

TEST(Names, EveryReasonIsExplained) {
  for (int i = 0; i < kReasonCount; ++i) {
    EXPECT_GT(explain(static_cast<Reason>(i)).size(), 20U) << i;
  }
}

TEST(ErrorKinds, SayWhetherToTryAgainAndHowToExit) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::bug); ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const int code = exit_code(kind);
    EXPECT_NE(code, 0) << to_string(kind);
    EXPECT_FALSE(is_retryable(kind) && kind != ErrorKind::transient &&
                 kind != ErrorKind::rate_limited && kind != ErrorKind::conflict &&
                 kind != ErrorKind::interrupted)
        << to_string(kind) << " does not go away by waiting";
  }
  EXPECT_TRUE(is_retryable(ErrorKind::transient));
  EXPECT_FALSE(is_retryable(ErrorKind::denied));
}

}  // namespace
}  // namespace jobs
