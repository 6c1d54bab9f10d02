#include <filesystem>
#include <fstream>

#include "jobs/base/text.h"
#include "jobs/ticks/plan.h"
#include "runner/trackers/local_tracker.h"
#include "tests/prove/hostile_text/flows.h"
#include "tests/prove/hostile_text/sinks.h"
#include "tests/support/scenario_values.h"

namespace prove::hostile_text {

namespace {

namespace fs = std::filesystem;

class FixedClock final : public jobs::Clock {
 public:
  jobs::TimePoint now() override { return scenario::kNow; }
  std::uint64_t random() override { return 4; }
};

/// As TOML allows a text to be written by hand: what cannot be escaped stays as it is, for the
/// reader to refuse.
std::string toml(const std::string& text) {
  static const char* const kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += std::string("\\u00") + kHex[byte >> 4U] + kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

struct TrackerField {
  const char* name;
  std::string (*file)(const std::string& text);  ///< the whole issue
};

std::string issue_with(const std::string& title, const std::string& labels, const std::string& by,
                       const std::string& more, const std::string& body) {
  return "+++\ntitle = " + title + "\nlabels = [\"ready-for-agent\"" + labels +
         "]\nready_by = " + by + "\nready_at = 2026-11-21T11:00:00Z\n" + more + "+++\n\n" + body;
}

const TrackerField kFields[] = {
    {"title",
     [](const std::string& text) {
       return issue_with(toml(text), "", "\"alice\"", "", "Do it.\n");
     }},
    {"body",
     [](const std::string& text) { return issue_with("\"A title\"", "", "\"alice\"", "", text); }},
    {"label",
     [](const std::string& text) {
       return issue_with("\"A title\"", ", " + toml(text), "\"alice\"", "", "Do it.\n");
     }},
    {"author",
     [](const std::string& text) {
       return issue_with("\"A title\"", "", toml(text), "", "Do it.\n");
     }},
    {"blocked-by",
     [](const std::string& text) {
       return issue_with("\"A title\"", "", "\"alice\"", "blocked_by = [" + toml(text) + "]\n",
                         "Do it.\nBlocked by " + text + "\n");
     }},
    {"written-by",
     [](const std::string& text) {
       return issue_with("\"A title\"", "", "\"alice\"", "created_by = " + toml(text) + "\n",
                         "Do it.\n");
     }},
    {"edited-by",
     [](const std::string& text) {
       return issue_with("\"A title\"", "", "\"alice\"",
                         "edited_by = " + toml(text) + "\nedited_at = 2026-11-21T11:30:00Z\n",
                         "Do it.\n");
     }},
    {"front-matter", [](const std::string& text) {
       return issue_with("\"A title\"", "", "\"alice\"", text + "\n", "Do it.\n");
     }}};

void write(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A name that the file system takes: what a person could have called a file.
std::string file_name(std::size_t number, const std::string& text) {
  std::string name = std::to_string(number) + "-";
  for (const char c : text.substr(0, 150)) {
    name += c == '/' || c == '\0' ? '_' : c;
  }
  return name + ".md";
}

class Tracker {
 public:
  Tracker(Record& record, std::string folder) : record_(record), folder_(std::move(folder)) {
    config_.name = "local";
    config_.kind = jobs::TrackerKind::local;
    config_.path = folder_;
    write(folder_ + "/permissions.toml", "[permissions]\nalice = \"write\"\n");
    reader_ = runner::trackers::make_local_reader(config_, {});
    writer_ = runner::trackers::make_local_writer(config_, {}, clock_);
  }

  void feed(const TrackerField& field, bool as_file_name,
            const std::function<bool(const std::string&)>& wanted) {
    const std::string name = as_file_name ? "file-name" : field.name;
    jobs::Repo repo = scenario::repo("acme/shop");
    repo.tracker_path = name;
    const auto& strings = hostile_strings();
    for (std::size_t i = 0; i < strings.size(); ++i) {
      const std::string file =
          as_file_name ? file_name(i + 1, strings[i].text) : std::to_string(i + 1) + "-issue.md";
      write(folder_ + "/" + name + "/" + file,
            field.file(as_file_name ? "Do it.\n" : strings[i].text));
    }
    const auto issues = reader_->ready_issues(repo, jobs::Labels{});
    Case all(record_, name, "*");
    all.sink("tracker", issues.has_value(), "the tracker cannot be read");
    if (!issues) {
      return;
    }
    std::size_t sound = 0;
    for (const jobs::Issue& issue : *issues) {
      const auto index = static_cast<std::size_t>(issue.key.number - 1);
      if (index < strings.size() && wanted(name + ":" + strings[index].name)) {
        sound += issue.problem.empty() ? 1U : 0U;
        check(name, strings[index], issue, repo);
      }
    }
    record_.count("issues read", static_cast<std::int64_t>(issues->size()));
    if (sound > 0) {
      record_.seen("issues of field " + name + " without a problem");
    }
  }

 private:
  void check(const std::string& field, const Hostile& string, const jobs::Issue& issue,
             const jobs::Repo& repo) {
    Case at(record_, field, string.name);
    const jobs::Fleet fleet = scenario::fleet();
    const auto facts = scenario::poll_facts(fleet, {issue});
    const jobs::Plan plan = jobs::poll(facts, fleet, scenario::kNow);
    check_plan(at, plan, fleet);
    at.sink("reason", plan.change.decisions.size() == 1, "not exactly one decision");
    at.sink("reason", issue.problem.empty() || plan.change.runs.empty(),
            "a run starts from what cannot be read");
    if (!plan.change.runs.empty() && field == "title") {
      comment(at, issue, repo, plan);
    }
  }

  /// The checklist goes into the tracker's own files, beside what is there already.
  void comment(Case& at, const jobs::Issue& issue, const jobs::Repo& repo, const jobs::Plan& plan) {
    for (const jobs::Effect& effect : plan.change.effects) {
      if (effect.kind != jobs::EffectKind::upsert_comment) {
        continue;
      }
      for (int again = 0; again < 2; ++again) {
        const auto done = writer_->upsert_comment(repo, issue.key.number,
                                                  {.marker = effect.target, .body = effect.text});
        at.sink("comment", done.has_value(), "the comment cannot be written");
      }
      const auto comments = reader_->comments(repo, issue.key.number);
      at.sink("comment", comments && comments->size() == 1, "not exactly one comment");
    }
  }

  Record& record_;
  std::string folder_;
  jobs::TrackerConfig config_;
  FixedClock clock_;
  std::unique_ptr<jobs::TrackerReader> reader_;
  std::unique_ptr<jobs::TrackerWriter> writer_;
};

}  // namespace

void feed_tracker(Record& record, const std::string& folder,
                  const std::function<bool(const std::string&)>& wanted) {
  Tracker tracker(record, folder);
  for (const TrackerField& field : kFields) {
    tracker.feed(field, /*as_file_name=*/false, wanted);
  }
  tracker.feed(kFields[1], /*as_file_name=*/true, wanted);
}

}  // namespace prove::hostile_text
