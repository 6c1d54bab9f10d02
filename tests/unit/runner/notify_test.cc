#include "runner/notify/notify.h"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/http/client.h"
#include "tests/support/loopback_http.h"
#include "tests/support/tracker_folder.h"

namespace runner::notify {
namespace {

using jobs::ErrorKind;

class Notify : public ::testing::Test, protected test_support::TrackerFolder {
 protected:
  std::unique_ptr<jobs::Notifier> file_notifier() {
    return make({.name = "log", .kind = jobs::NotifyKind::file, .path = root() + "/notes.jsonl"});
  }
  std::unique_ptr<jobs::Notifier> webhook() {
    return make(
        {.name = "hook",
         .kind = jobs::NotifyKind::webhook,
         .url = server.url("/hook?secret=query"),
         .token = jobs::SecretRef{.source = jobs::SecretRef::Source::env, .name = "HOOK_TOKEN"}});
  }
  std::unique_ptr<jobs::Notifier> make(const jobs::NotifyConfig& notify_config) {
    auto made = make_notifier(
        notify_config,
        [this](const std::string& name) { return name == "HOOK_TOKEN" ? token : std::nullopt; },
        clock);
    EXPECT_TRUE(made.has_value());
    return made ? std::move(*made) : nullptr;
  }
  [[nodiscard]] jobs::Notification note(const std::string& key = "r1/notify/hook") const {
    return {.key = key,
            .repo = "acme/shop",
            .issue = 3,
            .run = "r1",
            .outcome = "frozen",
            .text = "CI stays red",
            .url = "",
            .at = clock.time};
  }

  test_support::StillClock clock;
  test_support::LoopbackHttp server;
  std::optional<std::string> token = "s3cret-token";
};

TEST_F(Notify, FileGetsOneLineForEachKey) {
  const auto notifier = file_notifier();
  ASSERT_TRUE(notifier->send(note("a")));
  ASSERT_TRUE(notifier->send(note("a")));
  ASSERT_TRUE(notifier->send(note("ab")));
  ASSERT_TRUE(file_notifier()->send(note("a")));
  EXPECT_EQ(read(root() + "/notes.jsonl"), to_json(note("a")) + "\n" + to_json(note("ab")) + "\n");
}

TEST_F(Notify, FileTextThatQuotesAKeyIsNotThatKey) {
  jobs::Notification quoting = note("a");
  quoting.text = to_json(note("b"));
  ASSERT_TRUE(file_notifier()->send(quoting));
  ASSERT_TRUE(file_notifier()->send(note("b")));
  const std::string text = read(root() + "/notes.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(Notify, FileLineIsValidWhateverTheTextHolds) {
  jobs::Notification hostile = note();
  hostile.text = std::string("a\nb\0\x1b[2J\xFF", 10);
  ASSERT_TRUE(file_notifier()->send(hostile));
  const std::string text = read(root() + "/notes.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["issue"], 3);
  EXPECT_EQ(json["at"], "2026-11-21T09:30:00Z");
}

TEST_F(Notify, FileAfterAPowerCutGoesOnOnItsOwnLine) {
  write(root() + "/notes.jsonl", "{\"schema\":1,\"key\":\"r1/not");
  ASSERT_TRUE(file_notifier()->send(note()));
  EXPECT_EQ(read(root() + "/notes.jsonl"),
            "{\"schema\":1,\"key\":\"r1/not\n" + to_json(note()) + "\n");
}

TEST_F(Notify, FileManyWritersKeepWholeLines) {
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who) {
    threads.emplace_back([&, who] {
      const auto own = file_notifier();
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(own->send(note(std::to_string(who) + "/" + std::to_string(i))));
        EXPECT_TRUE(own->send(note("shared")));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const std::string text = read(root() + "/notes.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 41);
}

TEST_F(Notify, FileThatCannotBeWrittenIsAnError) {
  const auto kind_of = [&](const std::string& path) {
    return make({.name = "x", .kind = jobs::NotifyKind::file, .path = path})
        ->send(note())
        .error()
        .kind;
  };
  EXPECT_EQ(kind_of(root() + "/none/x"), ErrorKind::not_found);
  EXPECT_EQ(kind_of(root()), ErrorKind::denied);
  ASSERT_EQ(::mkfifo((root() + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(kind_of(root() + "/fifo"), ErrorKind::denied);
}

TEST_F(Notify, WebhookSendsTheNotificationWithItsKeyAndToken) {
  server.answer("204 No Content");
  ASSERT_TRUE(webhook()->send(note()));
  ASSERT_EQ(server.requests().size(), 1U);
  const std::string request = server.requests().front();
  EXPECT_TRUE(request.starts_with("POST /hook?secret=query HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nIdempotency-Key: r1/notify/hook\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nAuthorization: Bearer s3cret-token\r\n"), std::string::npos);
  EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + to_json(note())));
}

TEST_F(Notify, WebhookAnswersBecomeErrors) {
  const auto error_for = [&](const std::string& status, const std::string& headers = "") {
    test_support::LoopbackHttp own;
    own.answer(status, headers, "because");
    const auto sent =
        make({.name = "x", .kind = jobs::NotifyKind::webhook, .url = own.url()})->send(note());
    EXPECT_FALSE(sent) << status;
    return sent ? jobs::Error{} : sent.error();
  };
  EXPECT_EQ(error_for("401 Unauthorized").kind, ErrorKind::denied);
  EXPECT_EQ(error_for("403 Forbidden").kind, ErrorKind::denied);
  EXPECT_EQ(error_for("400 Bad Request").kind, ErrorKind::denied);
  EXPECT_EQ(error_for("404 Not Found").kind, ErrorKind::not_found);
  EXPECT_EQ(error_for("500 Oops").kind, ErrorKind::transient);
  EXPECT_EQ(error_for("503 Busy").kind, ErrorKind::transient);
  EXPECT_NE(error_for("503 Busy").message.find("because"), std::string::npos);
  const jobs::Error limited = error_for("429 Too Many Requests", "Retry-After: 120\r\n");
  EXPECT_EQ(limited.kind, ErrorKind::rate_limited);
  EXPECT_EQ(limited.until, clock.time + std::chrono::seconds(120));
  EXPECT_EQ(error_for("429 Too Many Requests").until, clock.time + std::chrono::minutes(1));
}

TEST_F(Notify, WebhookNeverFollowsARedirectWithTheToken) {
  test_support::LoopbackHttp thief;
  thief.answer("200 OK");
  server.answer("307 Temporary Redirect", "Location: " + thief.url() + "\r\n");
  EXPECT_EQ(webhook()->send(note()).error().kind, ErrorKind::denied);
  EXPECT_TRUE(thief.requests().empty());
}

TEST_F(Notify, Invariant12_NoSecretInAnError) {
  server.answer("403 Forbidden", "", "you sent Bearer s3cret-token, sorry");
  const std::string text = webhook()->send(note()).error().text();
  EXPECT_EQ(text.find("s3cret-token"), std::string::npos) << text;
  EXPECT_EQ(text.find("query"), std::string::npos) << text;
  EXPECT_NE(text.find("[redacted]"), std::string::npos) << text;
}

TEST_F(Notify, WebhookReadsItsTokenWhenItSends) {
  server.answer("200 OK");
  const auto notifier = webhook();
  token = std::nullopt;
  EXPECT_EQ(notifier->send(note()).error().kind, ErrorKind::denied);
  EXPECT_TRUE(server.requests().empty());
  token = "evil\r\nX-Other: 1";
  EXPECT_FALSE(notifier->send(note()));
  EXPECT_TRUE(server.requests().empty());
  write(root() + "/token", "from-file\n");
  const auto by_file = make({.name = "x",
                             .kind = jobs::NotifyKind::webhook,
                             .url = server.url(),
                             .token = jobs::SecretRef{.source = jobs::SecretRef::Source::file,
                                                      .name = root() + "/token"}});
  ASSERT_TRUE(by_file->send(note()));
  EXPECT_NE(server.requests().at(0).find("Bearer from-file\r\n"), std::string::npos);
}

TEST_F(Notify, WebhookBoundsWhatItWaitsForAndReads) {
  const auto client = http::make_client();
  http::Request request;
  request.url = server.url();
  request.max_answer = 100;
  server.answer("200 OK", "", std::string(101, 'x'));
  EXPECT_EQ(client->send(request).error().kind, ErrorKind::transient);
  test_support::LoopbackHttp silent;
  silent.raw_answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  request.url = silent.url();
  request.timeout = std::chrono::milliseconds(300);
  EXPECT_EQ(client->send(request).error().kind, ErrorKind::transient);
  test_support::LoopbackHttp mute;
  mute.raw_answer("");
  request.url = mute.url();
  EXPECT_EQ(client->send(request).error().kind, ErrorKind::transient);
}

TEST_F(Notify, OnlyHttpAndHttpsAreSpoken) {
  const auto client = http::make_client();
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                          "dict://127.0.0.1/", "", "://"}) {
    http::Request request;
    request.url = url;
    EXPECT_FALSE(client->send(request).has_value()) << url;
  }
  EXPECT_FALSE(
      make_notifier({.name = "x", .kind = jobs::NotifyKind::webhook, .url = "file:///etc/passwd"},
                    {}, clock)
          .has_value());
  EXPECT_FALSE(
      make_notifier({.name = "x", .kind = jobs::NotifyKind::file, .path = "relative"}, {}, clock)
          .has_value());
}

TEST_F(Notify, RetryAfterIsBoundedAndStrict) {
  const auto now = clock.time;
  EXPECT_EQ(http::parse_retry_after("0", now), now);
  EXPECT_EQ(http::parse_retry_after(" 5 ", now), now + std::chrono::seconds(5));
  EXPECT_EQ(http::parse_retry_after("99999999999999999", now), now + std::chrono::hours(24));
  EXPECT_EQ(http::parse_retry_after("Sat, 21 Nov 2026 09:31:00 GMT", now),
            now + std::chrono::minutes(1));
  EXPECT_EQ(http::parse_retry_after("Sat, 21 Nov 2020 09:31:00 GMT", now), now);
  EXPECT_EQ(http::parse_retry_after("Sat, 21 Nov 2026 09:31:00 GMT", now),
            http::parse_retry_after("Saturday, 21-Nov-26 09:31:00 GMT", now));
  EXPECT_EQ(http::parse_retry_after("Sat, 21 Nov 2026 09:31:00 GMT", now),
            http::parse_retry_after("Sat Nov 21 09:31:00 2026", now));
  EXPECT_EQ(http::parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now),
            now + std::chrono::hours(24));
  for (const char* text : {"", "soon", "-5", "1e9x", "Sun, 06 Nov 999999999 08:49:37 GMT"}) {
    EXPECT_FALSE(http::parse_retry_after(text, now).has_value()) << text;
  }
}

TEST_F(Notify, UrlsAreShownWithoutSecrets) {
  EXPECT_EQ(http::shown_url("https://user:pw@host/a?token=1#x"), "https://host/a");
  EXPECT_EQ(http::shown_url("https://host/a@b"), "https://host/a@b");
  EXPECT_EQ(http::shown_url("https://host"), "https://host");
}

}  // namespace
}  // namespace runner::notify
