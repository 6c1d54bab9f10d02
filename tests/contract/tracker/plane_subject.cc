#include <algorithm>

#include "jobs/base/time.h"
#include "runner/trackers/plane.h"
#include "runner/trackers/plane_html.h"
#include "tests/contract/tracker/subject.h"
#include "tests/stub/plane.h"
#include "tests/stub/stub_api.h"

namespace tracker_contract {

namespace {

/// "acme/shop" -> "SHOP".
std::string identifier_of(const jobs::RepoName& repo) {
  std::string out = repo.str().substr(repo.str().find('/') + 1);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

class Plane final : public Subject {
 public:
  explicit Plane(const stub::Plane::Options& options) : old_(options.old), server_(options) {
    server_.member("runner", 15);
  }

  void put(const jobs::IssueKey& key, const fakes::FakeTracker::Written& written) override {
    const auto has = [&](const char* label) {
      return std::ranges::find(written.labels, label) != written.labels.end();
    };
    const std::string state = !written.open              ? "Done"
                              : has("agent-in-progress") ? "In Progress"
                              : has("ready-for-human")   ? "Needs Human"
                              : has("ready-for-agent")   ? "Ready"
                                                         : "Backlog";
    const std::string project = identifier_of(key.repo);
    stub::Plane::Written one{.title = written.title, .html = "<p>" + written.body + "</p>"};
    one.state = written.ready_by.empty() ? state : "Backlog";
    for (const std::string& reference : written.blocked_by) {
      // Old servers tell of no relations.
      one.html += old_ ? "<p>Blocked by " + reference + "</p>" : "";
    }
    if (written.priority) {
      one.priority = std::vector<std::string>{"urgent", "high", "medium", "low"}.at(
          static_cast<std::size_t>(*written.priority));
    }
    server_.put(project, key.number, one);
    if (!written.ready_by.empty()) {
      server_.move(project, key.number, state, written.ready_by,
                   jobs::format_time(written.ready_at.value_or(jobs::TimePoint{})));
    }
    for (const std::string& reference : written.blocked_by) {
      if (!old_) {
        server_.block(project, key.number, project, std::stoll(reference.substr(1)));
      }
    }
  }
  void permit(const std::string& login, const std::string& permission) override {
    if (permission == "bot") {
      server_.automation(login);
    } else {
      server_.member(login, permission == "admin" ? 20 : permission == "write" ? 15 : 5);
    }
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    server_.comment(identifier_of(key.repo), key.number, author,
                    runner::trackers::plane::escaped(body).value);
    server_.member(author, 5);
  }
  jobs::TrackerReader& reader() override { return *reader_; }
  jobs::TrackerWriter& writer() override { return *writer_; }
  [[nodiscard]] bool has_broken_issues() const override { return false; }
  [[nodiscard]] bool tells_authors() const override { return false; }
  [[nodiscard]] bool in_progress_is_ready() const override { return true; }

 private:
  bool old_;
  stub::Plane server_;
  stub::StubApi api_{"/api/v1", "",
                     [this](const stub::Request& request) { return server_.answer(request); }};
  runner::trackers::PlaneOptions options_{
      .workspace = "acme",
      .labels = {},
      .states = {{"ready", "ready"},
                 {"in_progress", "In Progress"},
                 {"needs_human", "Needs human"},
                 {"done", "DONE"}},
      .project = [](const jobs::RepoName& repo) { return std::optional(identifier_of(repo)); }};
  std::unique_ptr<jobs::TrackerReader> reader_ =
      runner::trackers::make_plane_reader(options_, api_);
  std::unique_ptr<jobs::TrackerWriter> writer_ =
      runner::trackers::make_plane_writer(options_, api_);
};

}  // namespace

std::unique_ptr<Subject> make_plane(bool old) {
  return std::make_unique<Plane>(stub::Plane::Options{.old = old});
}

}  // namespace tracker_contract
