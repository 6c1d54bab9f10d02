// The trackers that need no server.
#include <fmt/format.h>

#include "jobs/base/time.h"
#include "manifests/toml_value.h"
#include "runner/trackers/local_tracker.h"
#include "tests/contract/tracker/subject.h"
#include "tests/support/tracker_folder.h"

namespace tracker_contract {

namespace {

using jobs::Permission;

class Fake final : public Subject {
 public:
  void put(const jobs::IssueKey& key, const Written& written) override {
    tracker_.put(key, written);
  }
  void permit(const std::string& login, const std::string& permission) override {
    for (const Permission one : {Permission::none, Permission::read, Permission::triage,
                                 Permission::write, Permission::admin}) {
      if (to_string(one) == permission) {
        tracker_.set_permission(login, one);
      }
    }
    if (permission == "bot") {
      tracker_.add_bot(login);
    }
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    tracker_.comment(key, author, body);
  }
  jobs::TrackerReader& reader() override { return tracker_; }
  jobs::TrackerWriter& writer() override { return tracker_; }

 private:
  fakes::FakeTracker tracker_;
};

class Local final : public Subject {
 public:
  void put(const jobs::IssueKey& key, const Written& written) override {
    std::string text =
        fmt::format("+++\nnumber = {}\ntitle = {}\nstate = \"{}\"\nlabels = [", key.number,
                    manifests::toml_quote(written.title), written.open ? "open" : "closed");
    for (const std::string& label : written.labels) {
      text += manifests::toml_quote(label) + ", ";
    }
    text += "]\ncreated_by = " + manifests::toml_quote(written.author) + "\n";
    if (!written.ready_by.empty()) {
      text += "ready_by = " + manifests::toml_quote(written.ready_by) + "\n";
    }
    if (written.ready_at) {
      text += "ready_at = " + jobs::format_time(*written.ready_at) + "\n";
    }
    if (written.priority) {
      text += fmt::format("priority = {}\n", *written.priority);
    }
    if (!written.problem.empty()) {
      text += "priority = \"" + written.problem + "\"\n";
    }
    for (std::string list; const std::string& reference : written.blocked_by) {
      list += manifests::toml_quote(reference) + ", ";
      if (&reference == &written.blocked_by.back()) {
        text += "blocked_by = [" + list + "]\n";
      }
    }
    test_support::TrackerFolder::write(
        folder_.folder(key.repo.str()) + fmt::format("/{:04}-x.md", key.number),
        text + "+++\n\n" + written.body);
  }
  void permit(const std::string& login, const std::string& permission) override {
    (permission == "bot" ? bots_ : permissions_) +=
        permission == "bot" ? "\"" + login + "\", " : login + " = \"" + permission + "\"\n";
    folder_.permissions("bots = [" + bots_ + "]\n[permissions]\n" + permissions_);
  }
  void comment(const jobs::IssueKey& key, const std::string& author,
               const std::string& body) override {
    test_support::TrackerFolder::write(
        folder_.folder(key.repo.str()) +
            fmt::format("/{:04}.comments/{:04}-x.md", key.number, ++comments_),
        "+++\nauthor = \"" + author + "\"\n+++\n\n" + body + "\n");
  }
  jobs::TrackerReader& reader() override { return *reader_; }
  jobs::TrackerWriter& writer() override { return *writer_; }

 private:
  test_support::TrackerFolder folder_;
  test_support::StillClock clock_;
  std::string permissions_;
  std::string bots_;
  int comments_ = 0;
  std::unique_ptr<jobs::TrackerReader> reader_ =
      runner::trackers::make_local_reader(folder_.config, {});
  std::unique_ptr<jobs::TrackerWriter> writer_ =
      runner::trackers::make_local_writer(folder_.config, {}, clock_);
};

}  // namespace

std::unique_ptr<Subject> make_fake() {
  return std::make_unique<Fake>();
}

std::unique_ptr<Subject> make_local() {
  return std::make_unique<Local>();
}

}  // namespace tracker_contract
