// Any bytes are an issue or an issue with a problem, and what the front matter's gate let through
// is what the rest of the runner may rely on. Changing a key changes that key and no other.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "jobs/base/time.h"
#include "jobs/model/issue.h"
#include "runner/trackers/front_matter.h"
#include "runner/trackers/issue_editor.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using namespace runner::trackers;  // NOLINT(google-build-using-namespace): what is under test

void check_gate(const IssueText& issue) {
  if (!issue.problem.empty()) {
    require(fuzz::is_safe_text(issue.problem, false), "a problem is one harmless line");
    return;
  }
  require(!issue.title.empty(), "an issue without a problem has a title");
  require(!issue.number || *issue.number > 0, "a number is positive");
  require(!issue.priority || *issue.priority >= 0, "a priority is not negative");
  require(issue.title.find('\0') == std::string::npos, "no NUL in a title");
  require(issue.body.find('\0') == std::string::npos, "no NUL in a body");
  for (const std::string& label : issue.labels) {
    require(label.find('\0') == std::string::npos, "no NUL in a label");
  }
  if (issue.ready_at) {
    (void)jobs::format_time(*issue.ready_at);
  }
}

/// The edit is either refused by who reads it back, or it did exactly what was asked for.
void check_edits(const std::string& bytes, const IssueText& before) {
  const std::vector<KeyEdit> edits = label_edits(before, {"in-progress", "a \"b\"\n"}, {"ready"});
  if (edits.empty()) {
    return;
  }
  const auto edited = edit_front_matter(bytes, edits);
  require(edited.has_value(), "what has a front matter can be edited");
  const auto parts = split_front_matter(bytes);
  require(parts && edited->ends_with(std::string_view(bytes).substr(parts->body)),
          "the body stays as it is");
  const IssueText after = parse_issue_text(*edited, "0001-a.md");
  if (!after.problem.empty()) {
    return;  // the caller reads it back and refuses
  }
  const auto has = [&](const char* label) {
    return std::ranges::find(after.labels, label) != after.labels.end();
  };
  if (has("in-progress")) {
    require(has("a \"b\"\n") && !has("ready"), "all of an edit or nothing of it");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const IssueText issue = parse_issue_text(bytes, "0001-a.md");
  check_gate(issue);
  require(has_front_matter(bytes) || !issue.problem.empty(), "no front matter is a problem");
  require(issue == parse_issue_text(bytes, "0001-a.md"), "reading twice gives the same");
  if (issue.problem.empty()) {
    check_edits(bytes, issue);
  }
  const CommentText comment = parse_comment_text(bytes);
  require(comment.body.size() <= bytes.size(), "a comment holds no more than its file");
  return 0;
}
