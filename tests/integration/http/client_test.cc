// Several requests at once, and connections that are kept.
#include "runner/http/client.h"

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/stub/message.h"
#include "tests/stub/server.h"

namespace runner::http {
namespace {

using jobs::ErrorKind;

/// Says back what it was asked for, and knows over which connection.
class Echo {
 public:
  Echo()
      : server_([this](stub::Connection& client, const stub::Request& request) {
          {
            const std::lock_guard lock(mutex_);
            connections_.insert(&client);
            most_ = std::max(most_, ++at_once_);
          }
          client.wait(20);
          stub::Answer answer = stub::plain(request.path == "/no" ? 404 : 200, request.path);
          if (const auto who = stub::header(request.headers, "Authorization")) {
            answer.headers.emplace_back("X-Who", stub::basic_credential(*who));
          }
          {
            const std::lock_guard lock(mutex_);
            --at_once_;
          }
          client.send(stub::head_of(answer) + answer.body);
        }) {}
  [[nodiscard]] Request request(const std::string& path, bool repeatable = true) const {
    return {.url = fmt::format("http://127.0.0.1:{}{}", server_.port(), path),
            .headers = {},
            .body = {},
            .bearer = {},
            .basic = {},
            .repeatable = repeatable,
            .receive = {}};
  }
  [[nodiscard]] std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }
  [[nodiscard]] int most_at_once() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  std::mutex mutex_;
  std::set<const void*> connections_;
  int at_once_ = 0;
  int most_ = 0;
  stub::Server server_;
};

TEST(HttpClient, AnswersComeInTheOrderOfTheirRequests) {
  Echo echo;
  const auto client = make_client();
  std::vector<Request> requests;
  for (int i = 0; i < 40; ++i) {
    requests.push_back(echo.request(fmt::format("/{}", i)));
  }
  requests[7] = echo.request("/no");
  requests[8].url = "ftp://127.0.0.1/";
  requests[9].headers = {{"X-Bad", "a\r\nb"}};
  const auto answers = client->send_all(requests);
  ASSERT_EQ(answers.size(), 40U);
  for (std::size_t i = 10; i < 40; ++i) {
    ASSERT_TRUE(answers[i].has_value()) << answers[i].error().text();
    EXPECT_EQ(answers[i]->body, fmt::format("/{}", i));
  }
  EXPECT_EQ(answers[7]->status, 404);
  EXPECT_EQ(answers[8].error().kind, ErrorKind::usage);
  EXPECT_EQ(answers[9].error().kind, ErrorKind::usage);
  EXPECT_GT(echo.most_at_once(), 1);
  EXPECT_LE(echo.most_at_once(), 8);
  EXPECT_TRUE(client->send_all({}).empty());
}

TEST(HttpClient, AConnectionIsUsedAgainWhereTheRequestMayBeRepeated) {
  Echo echo;
  const auto client = make_client();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(client->send(echo.request("/again")).has_value());
  }
  EXPECT_EQ(echo.connections(), 1U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(client->send(echo.request("/once", /*repeatable=*/false)).has_value());
  }
  EXPECT_EQ(echo.connections(), 3U);
}

TEST(HttpClient, NothingOfOneRequestReachesTheNext) {
  Echo echo;
  const auto client = make_client();
  Request named = echo.request("/");
  named.basic = {"ann", "secret"};
  EXPECT_EQ(client->send(named)->header("x-who"), "ann:secret");
  EXPECT_EQ(client->send(echo.request("/"))->header("x-who"), std::nullopt);
}

TEST(HttpClient, ABodyCanBeTakenPieceByPiece) {
  Echo echo;
  const auto client = make_client();
  std::string taken;
  Request request = echo.request("/piece");
  request.receive = [&](std::string_view bytes) {
    taken += bytes;
    return jobs::ok();
  };
  EXPECT_EQ(client->send(request)->body, "");
  EXPECT_EQ(taken, "/piece");
  request.receive = [](std::string_view) { return jobs::fail(ErrorKind::denied, "no more"); };
  EXPECT_EQ(client->send(request).error().message, "no more");
  request = echo.request("/no");
  request.receive = [](std::string_view) { return jobs::fail(ErrorKind::bug, "not for me"); };
  EXPECT_EQ(client->send(request)->body, "/no") << "what went wrong is said in the answer";
  request = echo.request("/long");
  request.max_answer = 3;
  EXPECT_NE(client->send(request).error().message.find("longer than 3 bytes"), std::string::npos);
}

TEST(HttpClient, SilenceEndsARequest) {
  const stub::Server silent([](stub::Connection& client, const stub::Request&) {
    client.wait(20'000);
    client.cut();
  });
  Request request;
  request.url = fmt::format("http://127.0.0.1:{}/", silent.port());
  request.patience = std::chrono::seconds(1);
  const auto answer = make_client()->send(request);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, ErrorKind::transient);
}

}  // namespace
}  // namespace runner::http
