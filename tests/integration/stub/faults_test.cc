// Each fault does what it says, seen by a client over a real connection.
#include <string>

#include <gtest/gtest.h>

#include "runner/http/client.h"
#include "tests/stub/stub.h"

namespace stub {
namespace {

using runner::http::Answer;
using runner::http::Request;

class StubFaults : public testing::Test {
 protected:
  jobs::Result<Answer> ask(const std::string& method, const std::string& path,
                           const std::string& body = "") {
    Request request;
    request.method = method;
    request.url = stub_.url(path);
    request.body = body;
    request.headers = {{"Idempotency-Key", "k1"}};
    request.timeout = std::chrono::milliseconds(1500);
    request.max_answer = 1U << 20U;
    return runner::http::make_client()->send(request);
  }

  void fault(FaultKind kind, When when, int times = 1) {
    stub_.faults.add({.method = "POST",
                      .path = "/notify*",
                      .times = times,
                      .fault = {.kind = kind, .when = when, .milliseconds = 50}});
  }

  [[nodiscard]] std::size_t notified() const { return stub_.log.effects("notified").size(); }

  Stub stub_{Stub::Options{}};
};

TEST_F(StubFaults, WithoutAFaultTheEffectAndTheAnswerAgree) {
  const auto answer = ask("POST", "/notify/pager", "{}");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 202);
  ASSERT_EQ(stub_.notifications.all().size(), 1U);
  EXPECT_EQ(stub_.notifications.all()[0].key, "k1");
  EXPECT_EQ(stub_.notifications.all()[0].body, "{}");
  const auto log = stub_.log.exchanges();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].request.method, "POST");
  EXPECT_EQ(log[0].request.path, "/notify/pager");
  EXPECT_EQ(log[0].status, 202);
  EXPECT_EQ(log[0].fault, "");
}

struct Shown {
  FaultKind kind;
  int status;  ///< 0: the client gets no answer
};

class StubEveryFault : public StubFaults, public testing::WithParamInterface<Shown> {};

TEST_P(StubEveryFault, BeforeTheEffectNothingHasHappened) {
  fault(GetParam().kind, When::before);
  const auto answer = ask("POST", "/notify", "{}");
  EXPECT_EQ(answer ? answer->status : 0, GetParam().status);
  EXPECT_EQ(notified(), 0U);
  EXPECT_EQ(stub_.log.exchanges().at(0).fault, std::string(to_string(GetParam().kind)) + " before");
  EXPECT_EQ(ask("POST", "/notify", "{}")->status, 202) << "only the first was to fail";
  EXPECT_EQ(notified(), 1U);
}

TEST_P(StubEveryFault, AfterTheEffectItHasThoughTheClientSawAnError) {
  fault(GetParam().kind, When::after);
  const auto answer = ask("POST", "/notify", "{}");
  EXPECT_EQ(answer ? answer->status : 0, GetParam().status);
  EXPECT_EQ(notified(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, StubEveryFault,
    testing::Values(Shown{FaultKind::cut, 0}, Shown{FaultKind::failed, 500},
                    Shown{FaultKind::unavailable, 503}, Shown{FaultKind::timeout, 0},
                    Shown{FaultKind::rate_limited, 429}, Shown{FaultKind::forbidden, 403},
                    Shown{FaultKind::truncated, 0}, Shown{FaultKind::oversize, 0},
                    Shown{FaultKind::html, 200}, Shown{FaultKind::redirect, 302}),
    [](const auto& shown) {
      std::string name(to_string(shown.param.kind));
      std::erase(name, '-');
      return name;
    });

TEST_F(StubFaults, LimitsSayWhenToComeBack) {
  stub_.faults.add(
      {.path = "*", .times = 1, .fault = {.kind = FaultKind::unavailable, .seconds = 7}});
  EXPECT_EQ(ask("GET", "/user")->header("retry-after"), "7");
  stub_.faults.add({.path = "*", .fault = {.kind = FaultKind::rate_limited, .seconds = 9}});
  EXPECT_EQ(ask("GET", "/user")->header("retry-after"), "9");
}

TEST_F(StubFaults, SlowIsTheRightAnswerInDrips) {
  stub_.faults.add(
      {.path = "/user", .fault = {.kind = FaultKind::slow, .milliseconds = 1, .bytes = 200}});
  const auto answer = ask("GET", "/user");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_NE(answer->body.find("runner-bot"), std::string::npos);
}

TEST_F(StubFaults, FlappingHitsEverySecond) {
  stub_.faults.add({.path = "/user", .times = 0, .every = 2, .fault = {.kind = FaultKind::failed}});
  std::string statuses;
  for (int i = 0; i < 4; ++i) {
    statuses += std::to_string(ask("GET", "/user")->status) + " ";
  }
  EXPECT_EQ(statuses, "500 200 500 200 ");
}

TEST_F(StubFaults, ARedirectNamesTheSamePathElsewhere) {
  stub_.faults.add(
      {.path = "*", .fault = {.kind = FaultKind::redirect, .location = "http://other.example/"}});
  EXPECT_EQ(ask("GET", "/user?page=2")->header("location"), "http://other.example/user?page=2");
}

TEST_F(StubFaults, AScriptNamesThem) {
  stub_.faults.load(R"({"faults": [{"method": "POST", "path": "/notify*", "first": 2, "times": 1,
                                   "kind": "unavailable", "when": "after", "seconds": 3}]})");
  EXPECT_EQ(ask("POST", "/notify")->status, 202);
  EXPECT_EQ(ask("POST", "/notify")->status, 503);
  EXPECT_EQ(ask("POST", "/notify")->status, 202);
  EXPECT_EQ(notified(), 3U);
  EXPECT_THROW(stub_.faults.load(R"({"faults": [{"kind": "sabotage"}]})"), std::invalid_argument);
  EXPECT_THROW(stub_.faults.load(R"({"faults": [{"knd": "cut"}]})"), std::invalid_argument);
}

TEST_F(StubFaults, ASeedDrawsTheSameFaultsAgain) {
  const auto statuses = [this] {
    stub_.faults.draw(7, "/user", 0.5, 3, {FaultKind::failed, FaultKind::unavailable});
    std::string all;
    for (int i = 0; i < 12; ++i) {
      all += std::to_string(ask("GET", "/user")->status) + " ";
    }
    return all;
  };
  const std::string first = statuses();
  EXPECT_EQ(first, statuses());
  EXPECT_EQ(stub_.faults.injected(), 6) << "at most three each: " << first;
}

TEST_F(StubFaults, SomebodyElseComesInBetween) {
  std::size_t seen = 99;
  stub_.meanwhile("POST", "/notify*", 2, [&] { seen = notified(); });
  (void)ask("POST", "/notify");
  (void)ask("POST", "/notify");
  EXPECT_EQ(seen, 1U) << "before the effect of the second";
}

TEST_F(StubFaults, TheMetricsSinkIsAsStrictAsAGateway) {
  EXPECT_EQ(ask("PUT", "/metrics/job/runner", "# TYPE a counter\na 1\nb{x=\"y\"} 2\n")->status,
            200);
  EXPECT_EQ(ask("POST", "/metrics/job/runner", "a 3\n")->status, 200);
  const auto groups = stub_.metrics.groups();
  EXPECT_EQ(groups.at("/job/runner").at("a"), "a 3\n");
  EXPECT_EQ(groups.at("/job/runner").at("b"), "b{x=\"y\"} 2\n");
  EXPECT_EQ(ask("PUT", "/metrics/job/runner", "a 1\nb 2")->status, 400) << "cut off";
  EXPECT_EQ(ask("PUT", "/metrics/job/runner", "nonsense\n")->status, 400);
  EXPECT_EQ(ask("DELETE", "/metrics/job/runner")->status, 202);
  EXPECT_TRUE(stub_.metrics.groups().empty());
}

TEST_F(StubFaults, TheLogFindsASecretAlsoInABasicCredential) {
  Request request;
  request.url = stub_.url("/user");
  request.headers = {{"Authorization", "Basic cnVubmVyOnMzY3IzdA=="}};
  (void)runner::http::make_client()->send(request);
  EXPECT_TRUE(stub_.log.holds("s3cr3t"));
  EXPECT_FALSE(stub_.log.holds("another"));
}

}  // namespace
}  // namespace stub
