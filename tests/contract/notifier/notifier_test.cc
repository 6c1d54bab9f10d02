#include <functional>
#include <memory>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runner/notify/notify.h"
#include "tests/fakes/fake_notifier.h"
#include "tests/support/loopback_http.h"
#include "tests/support/tracker_folder.h"

/// What jobs/ports/notifier.h promises, asked of the fake and of every real kind.
namespace {

using jobs::ErrorKind;

class Subject {
 public:
  virtual ~Subject() = default;
  virtual jobs::Notifier& notifier() = 0;
  /// The keys that arrived, repeats included.
  virtual std::vector<std::string> arrived() = 0;
  /// The next message does not get through, for a reason that passes.
  virtual void break_once() = 0;
  virtual void repair() = 0;
};

class Fake final : public Subject {
 public:
  jobs::Notifier& notifier() override { return notifier_; }
  std::vector<std::string> arrived() override {
    std::vector<std::string> keys;
    for (const jobs::Notification& one : notifier_.deliveries()) {
      keys.push_back(one.key);
    }
    return keys;
  }
  void break_once() override {
    notifier_.script.fail_before("send", jobs::fail(ErrorKind::transient, "not now"));
  }
  void repair() override {}

 private:
  fakes::FakeNotifier notifier_;
};

class Webhook final : public Subject {
 public:
  Webhook() {
    jobs::NotifyConfig config{
        .name = "hook", .kind = jobs::NotifyKind::webhook, .url = server_.url()};
    notifier_ = *runner::notify::make_notifier(
        config, [](const std::string&) { return std::nullopt; }, clock_);
    server_.answer("200 OK");
  }
  jobs::Notifier& notifier() override { return *notifier_; }
  std::vector<std::string> arrived() override {
    std::vector<std::string> keys;
    const std::vector<std::string> requests = server_.requests();
    for (std::size_t i = static_cast<std::size_t>(broken_); i < requests.size(); ++i) {
      keys.push_back(
          nlohmann::json::parse(requests[i].substr(requests[i].find("\r\n\r\n") + 4))["key"]);
    }
    return keys;
  }
  void break_once() override {
    // The answer that repeats is the first one given, so the order is: fail, then be well again.
    server_.answer("503 Busy");
    server_.answer("200 OK");
    static_cast<void>(notifier_->send({.key = "flush"}));
    broken_ += 2;
  }
  void repair() override {}

 private:
  test_support::LoopbackHttp server_;
  test_support::StillClock clock_;
  std::unique_ptr<jobs::Notifier> notifier_;
  int broken_ = 0;
};

class File final : public Subject {
 public:
  File() {
    jobs::NotifyConfig config{.name = "file",
                              .kind = jobs::NotifyKind::file,
                              .path = folder_.root() + "/sub/notes.jsonl"};
    notifier_ = *runner::notify::make_notifier(config, {}, clock_);
    repair();
  }
  jobs::Notifier& notifier() override { return *notifier_; }
  std::vector<std::string> arrived() override {
    std::vector<std::string> keys;
    std::istringstream lines(
        test_support::TrackerFolder::read(folder_.root() + "/sub/notes.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      keys.push_back(nlohmann::json::parse(line)["key"]);
    }
    return keys;
  }
  void break_once() override {
    std::filesystem::rename(folder_.root() + "/sub", folder_.root() + "/away");
  }
  void repair() override {
    if (std::filesystem::exists(folder_.root() + "/away")) {
      std::filesystem::rename(folder_.root() + "/away", folder_.root() + "/sub");
    }
    std::filesystem::create_directories(folder_.root() + "/sub");
  }

 private:
  test_support::TrackerFolder folder_;
  test_support::StillClock clock_;
  std::unique_ptr<jobs::Notifier> notifier_;
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Subject>()> make;
};

class Notifier : public ::testing::TestWithParam<Kind> {
 protected:
  jobs::Status send(const std::string& key) {
    return subject->notifier().send({.key = key, .repo = "acme/shop", .text = "hello \x1b[2J\xFF"});
  }
  std::unique_ptr<Subject> subject = GetParam().make();
};

TEST_P(Notifier, EveryMessageArrivesWithItsKey) {
  ASSERT_TRUE(send("r1/notify/a"));
  ASSERT_TRUE(send("r1/notify/b"));
  EXPECT_EQ(subject->arrived(), (std::vector<std::string>{"r1/notify/a", "r1/notify/b"}));
}

TEST_P(Notifier, ARepeatCarriesTheSameKeyOrIsDropped) {
  ASSERT_TRUE(send("k"));
  ASSERT_TRUE(send("k"));
  const std::vector<std::string> keys = subject->arrived();
  ASSERT_GE(keys.size(), 1U);
  ASSERT_LE(keys.size(), 2U);
  EXPECT_EQ(keys.back(), "k");
}

TEST_P(Notifier, AFailureIsReportedAndTheNextTryArrives) {
  subject->break_once();
  EXPECT_FALSE(send("k"));
  subject->repair();
  ASSERT_TRUE(send("k"));
  EXPECT_EQ(subject->arrived(), std::vector<std::string>{"k"});
}

INSTANTIATE_TEST_SUITE_P(All, Notifier,
                         ::testing::Values(Kind{"fake", [] { return std::make_unique<Fake>(); }},
                                           Kind{"file", [] { return std::make_unique<File>(); }},
                                           Kind{"webhook",
                                                [] { return std::make_unique<Webhook>(); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
