#include <algorithm>

#include "jobs/base/time.h"
#include "manifests/toml_value.h"
#include "runner/trackers/comments.h"
#include "runner/trackers/issue_editor.h"
#include "runner/trackers/local_tracker.h"

namespace runner::trackers {

using jobs::IssueNumber;
using jobs::Repo;

namespace {

class LocalWriter final : public jobs::TrackerWriter {
 public:
  LocalWriter(jobs::TrackerConfig config, LocalTrackerOptions options, jobs::Clock& clock)
      : config_(std::move(config)), options_(std::move(options)), clock_(clock) {}

  jobs::Status set_labels(const Repo& repo, IssueNumber number, const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) override {
    RUNNER_ASSIGN(const Place place, open_place(config_, repo, false));
    return edit_issue(
        place, number, [&](const IssueFile& file) -> jobs::Result<std::vector<KeyEdit>> {
          std::vector<KeyEdit> edits = label_edits(file.text, add, remove);
          if (edits.empty()) {
            return edits;
          }
          const auto names_ready = [&](const std::vector<std::string>& labels) {
            return std::ranges::find(labels, options_.labels.ready) != labels.end();
          };
          if (names_ready(add)) {
            // Whoever reads this must see that no person asked for it.
            edits.push_back({.key = "ready_by", .value = manifests::toml_quote(options_.bot)});
            edits.push_back({.key = "ready_at",
                             .value = manifests::toml_quote(jobs::format_time(clock_.now()))});
            edits.push_back({.key = "ready_digest", .value = std::nullopt});
          } else if (names_ready(remove)) {
            // The approval goes with its label: put back by hand, the label needs a name of its own
            // again.
            for (const char* key : {"ready_by", "ready_at", "ready_digest"}) {
              edits.push_back({.key = key, .value = std::nullopt});
            }
          }
          return edits;
        });
  }

  jobs::Result<std::string> upsert_comment(const Repo& repo, IssueNumber number,
                                           const jobs::OwnComment& comment) override {
    RUNNER_ASSIGN(const Place place, open_place(config_, repo, false));
    return trackers::upsert_comment(
        place, number, comment.marker, comment.id,
        {.author = options_.bot, .body = comment.body, .at = clock_.now()});
  }

  jobs::Status close(const Repo& repo, IssueNumber number, const std::string& reason) override {
    RUNNER_ASSIGN(const Place place, open_place(config_, repo, false));
    return edit_issue(place, number,
                      [&](const IssueFile& file) -> jobs::Result<std::vector<KeyEdit>> {
                        if (!file.text.open) {
                          return std::vector<KeyEdit>{};
                        }
                        return std::vector<KeyEdit>{
                            {.key = "state", .value = "\"closed\""},
                            {.key = "closed_reason", .value = manifests::toml_quote(reason)}};
                      });
  }

 private:
  jobs::TrackerConfig config_;
  LocalTrackerOptions options_;
  jobs::Clock& clock_;
};

}  // namespace

std::unique_ptr<jobs::TrackerWriter> make_local_writer(const jobs::TrackerConfig& config,
                                                       const LocalTrackerOptions& options,
                                                       jobs::Clock& clock) {
  return std::make_unique<LocalWriter>(config, options, clock);
}

}  // namespace runner::trackers
