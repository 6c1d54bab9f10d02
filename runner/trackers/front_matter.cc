#include "runner/trackers/front_matter.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "jobs/base/time.h"
#include "manifests/toml_value.h"

namespace runner::trackers {

using manifests::Value;

namespace {

/// The last three mean nothing to the runner but are what people write beside the others.
std::span<const std::string> known_keys() {
  static const std::array<std::string, 15> keys{
      "number",    "title",         "state",     "labels",     "ready_by",
      "ready_at",  "ready_digest",  "priority",  "blocked_by", "edited_by",
      "edited_at", "closed_reason", "closed_by", "created_by", "created_at"};
  return keys;
}

/// Reads typed keys of one table and keeps the first thing that is wrong.
class Reader {
 public:
  Reader(const Value& table, std::string file) : table_(table), file_(std::move(file)) {}

  std::optional<std::string> string(const char* key) {
    const Value* value = table_.get(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is(Value::Kind::string)) {
      wrong_type(key, *value, "a string");
      return std::nullopt;
    }
    if (value->string.find('\0') != std::string::npos) {
      wrong(*value, fmt::format("`{}` holds a NUL character", key));
      return std::nullopt;
    }
    return value->string;
  }

  std::optional<std::int64_t> integer(const char* key, std::int64_t least, std::int64_t most) {
    const Value* value = table_.get(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is(Value::Kind::integer)) {
      wrong_type(key, *value, "an integer");
      return std::nullopt;
    }
    if (value->integer < least || value->integer > most) {
      wrong(*value, fmt::format("`{}` is {}; expected {} to {}", key, value->integer, least, most));
      return std::nullopt;
    }
    return value->integer;
  }

  std::optional<jobs::TimePoint> time(const char* key) {
    const Value* value = table_.get(key);
    if (value == nullptr) {
      return std::nullopt;
    }
    const bool typed = value->is(Value::Kind::string) || value->is(Value::Kind::datetime);
    const auto time = typed ? jobs::parse_time(value->string) : std::nullopt;
    if (!time) {
      wrong(*value, fmt::format("`{}` is no time; expected one like 2026-11-21T09:30:00Z", key));
    }
    return time;
  }

  /// Strings; with `numbers` also issue numbers, which become "#7".
  std::vector<std::string> strings(const char* key, bool numbers) {
    std::vector<std::string> out;
    const Value* value = table_.get(key);
    if (value == nullptr) {
      return out;
    }
    if (!value->is(Value::Kind::array)) {
      wrong_type(key, *value, "an array of strings");
      return out;
    }
    for (const Value& item : value->array) {
      if (item.is(Value::Kind::string) && item.string.find('\0') == std::string::npos) {
        out.push_back(item.string);
      } else if (numbers && item.is(Value::Kind::integer)) {
        out.push_back(fmt::format("#{}", item.integer));
      } else {
        wrong(item,
              fmt::format("`{}` holds {}; expected strings", key, manifests::describe(item.kind)));
      }
    }
    return out;
  }

  void wrong(const Value& where, std::string_view what) {
    if (problem_.empty()) {
      problem_ = fmt::format("{}:{}:{}: {}", file_, where.line, where.column, what);
    }
  }

  /// Keys of one's own are welcome; one that is nearly a known key was meant to be it.
  void look_for_misspelt_keys() {
    for (const manifests::Entry& entry : table_.table) {
      const std::string meant = jobs::did_you_mean(entry.key, known_keys());
      if (!meant.empty() && meant != entry.key && problem_.empty()) {
        problem_ = fmt::format("{}:{}:{}: unknown key `{}`; did you mean `{}`?", file_, entry.line,
                               entry.column, jobs::one_line(entry.key, 60), meant);
      }
    }
  }

  [[nodiscard]] std::string take_problem() { return std::move(problem_); }

 private:
  void wrong_type(const char* key, const Value& value, const char* expected) {
    wrong(value,
          fmt::format("`{}` is {}; expected {}", key, manifests::describe(value.kind), expected));
  }

  const Value& table_;
  std::string file_;
  std::string problem_;
};

/// Positions then count as in the file: the opening line becomes an empty one.
std::string with_file_lines(std::string_view bytes, const Parts& parts) {
  return "\n" + std::string(bytes.substr(parts.toml_begin, parts.toml_end - parts.toml_begin));
}

/// Without the empty lines before it.
std::string_view body_of(std::string_view bytes, const Parts& parts) {
  std::string_view body = bytes.substr(parts.body);
  while (true) {
    const std::size_t newline = body.find('\n');
    if (newline == std::string_view::npos || !jobs::trimmed(body.substr(0, newline)).empty()) {
      return body;
    }
    body.remove_prefix(newline + 1);
  }
}

std::string position_of(std::string_view bytes, std::size_t offset) {
  const std::string_view before = bytes.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  return fmt::format("{}:{}", line,
                     newline == std::string_view::npos ? offset + 1 : offset - newline);
}

/// Where the text stops being clean UTF-8, as "3:7: holds ..."; empty if nowhere.
std::string bad_byte(std::string_view bytes) {
  const std::string clean = jobs::to_valid_utf8(bytes);
  if (clean == bytes) {
    return {};
  }
  const auto differs = std::mismatch(bytes.begin(), bytes.end(), clean.begin(), clean.end()).first;
  const auto offset = static_cast<std::size_t>(differs - bytes.begin());
  return fmt::format("{}: {}", position_of(bytes, offset),
                     *differs == '\0' ? "holds a NUL byte" : "holds bytes that are not UTF-8");
}

void read_keys(Reader& reader, IssueText& issue) {
  issue.number = reader.integer("number", 1, 999'999'999'999);
  issue.title = reader.string("title").value_or("");
  const std::string state = reader.string("state").value_or("open");
  issue.open = state != "closed";
  issue.labels = reader.strings("labels", false);
  issue.ready_by = reader.string("ready_by").value_or("");
  issue.ready_at = reader.time("ready_at");
  issue.ready_digest = reader.string("ready_digest").value_or("");
  if (const auto priority = reader.integer("priority", 0, 1'000'000)) {
    issue.priority = static_cast<int>(*priority);
  }
  issue.blocked_by = reader.strings("blocked_by", true);
  issue.created_by = reader.string("created_by").value_or("");
  issue.edited_by = reader.string("edited_by").value_or("");
  issue.edited_at = reader.time("edited_at");
  issue.closed_reason = reader.string("closed_reason").value_or("");
}

}  // namespace

IssueText parse_issue_text(std::string_view bytes, const std::string& file_name) {
  IssueText issue;
  const std::string file = jobs::one_line(file_name);
  if (!has_front_matter(bytes)) {
    issue.problem = fmt::format("{}:1:1: has no front matter; expected a first line \"+++\"", file);
    return issue;
  }
  const auto parts = split_front_matter(bytes);
  if (!parts) {
    issue.problem =
        fmt::format("{}:1:1: the front matter does not end; expected a second line \"+++\"", file);
    return issue;
  }
  issue.body = body_of(bytes, *parts);
  const std::string dirt = bad_byte(bytes);
  const auto table = manifests::parse_toml(with_file_lines(bytes, *parts), file);
  if (!table) {
    issue.problem = dirt.empty() ? table.error().message : fmt::format("{}:{}", file, dirt);
    return issue;
  }
  Reader reader(*table, file);
  read_keys(reader, issue);
  if (const Value* state = table->get("state");
      state != nullptr && state->string != "open" && state->string != "closed") {
    reader.wrong(*state, "`state` is neither \"open\" nor \"closed\"");
  }
  reader.look_for_misspelt_keys();
  issue.problem = reader.take_problem();
  if (issue.problem.empty() && jobs::trimmed(issue.title).empty()) {
    issue.problem =
        fmt::format("{}:2:1: has no title; expected a line like title = \"Short and clear\"", file);
  }
  if (issue.problem.empty() && !dirt.empty()) {
    issue.problem = fmt::format("{}:{}", file, dirt);
  }
  return issue;
}

CommentText parse_comment_text(std::string_view bytes) {
  const auto parts = split_front_matter(bytes);
  CommentText comment;
  comment.body = parts ? body_of(bytes, *parts) : bytes;
  while (comment.body.ends_with('\n') || comment.body.ends_with('\r')) {
    comment.body.pop_back();
  }
  if (parts) {
    if (const auto table = manifests::parse_toml(with_file_lines(bytes, *parts), "comment")) {
      Reader reader(*table, "comment");
      comment.author = reader.string("author").value_or("");
      comment.at = reader.time("at");
    }
  }
  return comment;
}

}  // namespace runner::trackers
