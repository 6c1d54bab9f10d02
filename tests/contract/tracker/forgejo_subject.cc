#include <algorithm>

#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/trackers/forgejo.h"
#include "tests/contract/tracker/subject.h"
#include "tests/stub/forgejo.h"
#include "tests/stub/stub_api.h"

namespace tracker_contract {

namespace {

class Forgejo final : public Subject {
 public:
  explicit Forgejo(stub::Forgejo::Options options) : server_(std::move(options)) {}
  ~Forgejo() override {
    // Neither the adapter nor the double knows more than the description.
    EXPECT_EQ(api_.faults, std::vector<std::string>{});
  }

  void put(const jobs::IssueKey& key, const fakes::FakeTracker::Written& written) override {
    stub::Forgejo::Written one{.title = written.title, .body = written.body, .labels = {}};
    one.author = written.author;
    one.open = written.open;
    for (const std::string& label : written.labels) {
      if (label != kReady || written.ready_by.empty()) {
        one.labels.push_back(label);
      }
    }
    if (written.priority) {
      one.labels.push_back("P" + std::to_string(*written.priority));
    }
    const std::string& repo = key.repo.str();
    server_.put(repo, key.number, one);
    if (!written.ready_by.empty()) {
      server_.label(repo, key.number, kReady, written.ready_by,
                    jobs::format_time(written.ready_at.value_or(jobs::TimePoint{})));
    }
    for (const std::string& reference : written.blocked_by) {
      const std::size_t sign = reference.find('#');
      server_.block(repo, key.number, sign == 0 ? repo : reference.substr(0, sign),
                    std::stoll(reference.substr(sign + 1)));
    }
  }
  void permit(const std::string& login, const std::string& permission) override {
    if (permission == "bot") {
      server_.program(login);
    } else {
      server_.permit(login, permission);
    }
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    server_.comment(key.repo.str(), key.number, author, body);
  }
  jobs::TrackerReader& reader() override { return *reader_; }
  jobs::TrackerWriter& writer() override { return *writer_; }
  [[nodiscard]] bool has_broken_issues() const override { return false; }

 private:
  static constexpr const char* kReady = "ready-for-agent";

  stub::Forgejo server_;
  stub::StubApi api_{"/api/v1", "forgejo-16.0.1.json",
                     [this](const stub::Request& request) { return server_.answer(request); }};
  runner::trackers::ForgejoOptions options_{
      .bot = "runner", .place = [](const jobs::Repo& repo) { return repo.name.str(); }};
  std::unique_ptr<jobs::TrackerReader> reader_ =
      runner::trackers::make_forgejo_reader(options_, api_);
  std::unique_ptr<jobs::TrackerWriter> writer_ =
      runner::trackers::make_forgejo_writer(options_, api_);
};

}  // namespace

std::unique_ptr<Subject> make_forgejo(bool gitea) {
  return std::make_unique<Forgejo>(stub::Forgejo::Options{.links = !gitea, .gitea = gitea});
}

}  // namespace tracker_contract
