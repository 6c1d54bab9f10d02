#include "jobs/base/time.h"
#include "runner/forge/circuit.h"
#include "tests/unit/runner/forge_fixture.h"

namespace runner::forge {
namespace {

using std::chrono::hours;

Circuit after_failures(int count, Circuit circuit = {}, jobs::TimePoint now = kNow) {
  for (int i = 0; i < count; ++i) {
    circuit = after_failure(std::move(circuit), "no answer", now);
  }
  return circuit;
}

TEST(Circuit, OpensAfterSomeFailuresInARowAndHalfOpensLater) {
  EXPECT_FALSE(after_failures(kFailuresToOpen - 1).is_open(kNow));
  const Circuit open = after_failures(kFailuresToOpen);
  ASSERT_TRUE(open.is_open(kNow));
  EXPECT_EQ(open.until, kNow + kFirstOpen);
  EXPECT_FALSE(open.is_half_open(kNow));
  EXPECT_TRUE(open.is_half_open(kNow + kFirstOpen));
  EXPECT_FALSE(Circuit{}.is_half_open(kNow));
}

TEST(Circuit, OneFailureOpensItAgainForLongerUpToAnHour) {
  Circuit circuit = after_failures(kFailuresToOpen);
  jobs::TimePoint now = kNow;
  jobs::Duration last{};
  for (int i = 0; i < 20; ++i) {
    now = *circuit.until;
    circuit = after_failure(std::move(circuit), "no answer", now);
    ASSERT_TRUE(circuit.is_open(now));
    EXPECT_GE(*circuit.until - now, last);
    last = *circuit.until - now;
    EXPECT_LE(last, hours(1));
  }
  EXPECT_EQ(last, hours(1));
}

TEST(Circuit, WhatWasOnItsWayWhenItOpenedOpensItNoFurther) {
  const Circuit open = after_failures(kFailuresToOpen);
  EXPECT_EQ(after_failures(5, open, kNow + seconds(1)).until, open.until);
}

TEST(Circuit, ATimeFarAheadIsAClockThatWasWrong) {
  Circuit circuit = after_failures(kFailuresToOpen);
  circuit.until = kNow + hours(24 * 400);
  EXPECT_FALSE(circuit.is_open(kNow));
  EXPECT_TRUE(circuit.is_half_open(kNow));
}

TEST(Circuit, ItsReasonIsOneLine) {
  EXPECT_EQ(after_failure({}, "a\nb", kNow).reason, "a b");
}

TEST_F(ForgeApi, AForgeThatDoesNotAnswerIsLeftAloneAndThenOneRequestTries) {
  bool up = false;
  client.answer = [&](const http::Request&) {
    return up ? jobs::Result<http::Answer>(ok("[]"))
              : jobs::fail(ErrorKind::transient, "connection refused by " + std::string(kToken));
  };
  const auto api = make();
  for (int i = 0; i < kFailuresToOpen; ++i) {
    EXPECT_FALSE(api->get("/a"));
  }
  const std::size_t sent = client.sent.size();
  const auto refused = api->get("/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::transient);
  EXPECT_NE(refused.error().message.find("left alone until"), std::string::npos);
  EXPECT_EQ(refused.error().message.find(kToken), std::string::npos);
  EXPECT_EQ(client.sent.size(), sent);

  // The next tick knows, and asks once when its time has come.
  Traffic next{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  const auto later =
      make_api(github_api_options("https://api.github.com"), {client, credential, next, &cache});
  EXPECT_FALSE(later->get("/a"));
  EXPECT_EQ(client.sent.size(), sent);
  const auto circuit = kept_circuit(cache, "https://api.github.com");
  ASSERT_TRUE(circuit);
  EXPECT_EQ(circuit->reason.find(kToken), std::string::npos);
  clock.sleep(*circuit->until - clock.now());
  client.most_at_once = 0;
  const std::vector<std::string> paths{"/a", "/b", "/c", "/d"};
  for (const auto& reply : later->get(paths)) {
    EXPECT_FALSE(reply);
  }
  EXPECT_EQ(client.most_at_once, 1U);
  EXPECT_EQ(client.sent.size(), sent + 1);
  const auto again = kept_circuit(cache, "https://api.github.com");
  ASSERT_TRUE(again);
  EXPECT_GT(*again->until - clock.now(), kFirstOpen);

  up = true;
  clock.sleep(*again->until - clock.now());
  for (const auto& reply : later->get(paths)) {
    EXPECT_TRUE(reply);
  }
  EXPECT_FALSE(kept_circuit(cache, "https://api.github.com"));
}

}  // namespace
}  // namespace runner::forge
