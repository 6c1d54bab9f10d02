#include "worktrees/land_lines.h"

#include <algorithm>
#include <string_view>

#include <fmt/core.h>

#include "jobs/base/text.h"
#include "worktrees/git_error.h"
#include "worktrees/object_stream.h"

namespace worktrees {
namespace {

// Both sides together. Comparing takes some hundred bytes for each line beside the content itself.
constexpr std::size_t kMostBytesCompared = 32U << 20U;
constexpr std::ptrdiff_t kMostLinesCompared = 400'000;

/// Takes text in pieces, line by line as far as markers need it.
class Scan {
 public:
  explicit Scan(AddedLines& into) : into_(into) {}

  void begin(std::string file) {
    file_ = std::move(file);
    opened_ = false;
    start_.clear();
  }

  void take(std::string_view text) {
    into_.bytes += static_cast<std::int64_t>(text.size());
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      start_ += line.substr(0, kMarker - std::min(kMarker, start_.size()));
      if (end == std::string_view::npos) {
        return;
      }
      end_line();
      text.remove_prefix(end + 1);
    }
  }

  /// The last line may have no end.
  void end_line() {
    if (start_ == "<<<<<<< ") {
      opened_ = true;
    } else if (start_ == ">>>>>>> " && opened_ && into_.marked.empty()) {
      into_.marked = file_;
    }
    start_.clear();
  }

 private:
  static constexpr std::size_t kMarker = 8;

  AddedLines& into_;
  std::string file_;
  std::string start_;  ///< of the line so far
  bool opened_ = false;
};

int on_line(const git_diff_delta* /*delta*/, const git_diff_hunk* /*hunk*/,
            const git_diff_line* line, void* payload) {
  if (line->origin == GIT_DIFF_LINE_ADDITION) {
    auto* scan = static_cast<Scan*>(payload);
    scan->take({line->content, line->content_len});
    scan->end_line();
  }
  return 0;
}

bool is_file(const git_diff_file& side) {
  return side.mode == GIT_FILEMODE_BLOB || side.mode == GIT_FILEMODE_BLOB_EXECUTABLE ||
         side.mode == GIT_FILEMODE_LINK;
}

std::ptrdiff_t lines_of(const git_blob* blob) {
  const auto* bytes = static_cast<const char*>(git_blob_rawcontent(blob));
  return std::count(bytes, bytes + git_blob_rawsize(blob), '\n');
}

jobs::Result<std::size_t> size_of(git_odb* odb, const git_oid& id) {
  size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (const int code = git_odb_read_header(&size, &type, odb, &id); code < 0) {
    return git_failure(code, fmt::format("cannot read the object {}", to_hex(id)));
  }
  return size;
}

class Lines {
 public:
  Lines(git_repository* mirror, git_odb* odb)
      : mirror_(mirror),
        odb_(odb),
        objects_(std::string(git_repository_commondir(mirror)) + "objects") {}

  jobs::Status add(const git_diff_delta& delta) {
    scan_.begin(delta.new_file.path);
    if (is_file(delta.old_file) && is_file(delta.new_file)) {
      if (git_oid_equal(&delta.old_file.id, &delta.new_file.id) != 0) {
        return jobs::ok();
      }
      RUNNER_ASSIGN(const bool compared, compare(delta));
      if (compared) {
        return jobs::ok();
      }
      if (found_.taken_whole.empty()) {
        found_.taken_whole = delta.new_file.path;
      }
    }
    RUNNER_TRY(stream_object(odb_, objects_, delta.new_file.id, [this](std::string_view piece) {
      scan_.take(piece);
      return jobs::ok();
    }));
    scan_.end_line();
    return jobs::ok();
  }

  [[nodiscard]] AddedLines found() && { return std::move(found_); }

 private:
  /// False if the two sides are too long for it.
  jobs::Result<bool> compare(const git_diff_delta& delta) {
    RUNNER_ASSIGN(const std::size_t old_size, size_of(odb_, delta.old_file.id));
    RUNNER_ASSIGN(const std::size_t new_size, size_of(odb_, delta.new_file.id));
    if (old_size + new_size > kMostBytesCompared) {
      return false;
    }
    Blob before;
    Blob after;
    int code = git_blob_lookup(into(before), mirror_, &delta.old_file.id);
    code = code < 0 ? code : git_blob_lookup(into(after), mirror_, &delta.new_file.id);
    if (code >= 0 && lines_of(before.get()) + lines_of(after.get()) > kMostLinesCompared) {
      return false;
    }
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    options.context_lines = 0;
    // Attributes of the repository must not make a text "binary" and hide its lines from us.
    options.flags = GIT_DIFF_FORCE_TEXT;
    code = code < 0
               ? code
               : git_diff_blobs(before.get(), delta.old_file.path, after.get(), delta.new_file.path,
                                &options, nullptr, nullptr, nullptr, on_line, &scan_);
    if (code < 0) {
      return git_failure(code, fmt::format("cannot read the changed lines of {}",
                                           jobs::one_line(delta.new_file.path, 120)));
    }
    return true;
  }

  git_repository* mirror_;
  git_odb* odb_;
  std::string objects_;
  AddedLines found_;
  Scan scan_{found_};
};

}  // namespace

jobs::Result<AddedLines> added_lines(git_repository* mirror, const git_diff* diff) {
  Odb odb;
  if (const int code = git_repository_odb(into(odb), mirror); code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  Lines lines(mirror, odb.get());
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    if (is_file(delta->new_file) && delta->status != GIT_DELTA_DELETED) {
      RUNNER_TRY(lines.add(*delta));
    }
  }
  return std::move(lines).found();
}

jobs::Result<std::int64_t> biggest_new_file(git_repository* mirror, const git_diff* diff) {
  Odb odb;
  if (const int code = git_repository_odb(into(odb), mirror); code < 0) {
    return git_failure(code, "cannot open the object database");
  }
  std::size_t biggest = 0;
  for (size_t i = 0; i < git_diff_num_deltas(diff); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(diff, i);
    if (is_file(delta->new_file) && delta->status != GIT_DELTA_DELETED) {
      RUNNER_ASSIGN(const std::size_t size, size_of(odb.get(), delta->new_file.id));
      biggest = std::max(biggest, size);
    }
  }
  return static_cast<std::int64_t>(biggest);
}

}  // namespace worktrees
