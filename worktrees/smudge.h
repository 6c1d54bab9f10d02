#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/error.h"
#include "jobs/base/result.h"
#include "jobs/ports/workspace.h"
#include "worktrees/fd.h"

namespace worktrees {

/// The programs of the manifest that make a file of what is committed, by the filter that
/// .gitattributes names (gitattributes(5), "filter"). Git would take them from a configuration;
/// nothing but these is run.
struct Smudge {
  std::map<std::string, std::vector<std::string>> programs;
  std::map<std::string, std::string> env;
  jobs::Duration deadline{};             ///< of one file
  std::string folder;                    ///< where they run: the worktree
  std::string scratch;                   ///< an own folder for what goes in and comes out
  jobs::FilterRunner* runner = nullptr;  ///< not null where there are programs
};

/// A file as it comes to the disk.
class Converted {
 public:
  explicit Converted(std::string text) : text_(std::move(text)) {}
  /// All of an opened file, however large.
  explicit Converted(Fd file) : file_(std::move(file)) {}

  [[nodiscard]] bool by_program() const { return file_.ok(); }
  /// None: of a file, not known.
  [[nodiscard]] std::optional<std::size_t> size() const {
    return file_.ok() ? std::nullopt : std::optional(text_.size());
  }
  /// May be called again.
  [[nodiscard]] jobs::Status give(const std::function<jobs::Status(std::string_view)>& sink) const;

 private:
  std::string text_;
  Fd file_;
};

/// Runs the program over the content of the file at `path`. Any thread may ask. transient: it did
/// not end well.
[[nodiscard]] jobs::Result<Converted> smudged(const Smudge& smudge, const std::string& filter,
                                              std::string_view path, std::string_view content);

/// Stands for the programs: other files come out where it is another. "" for none. Pure.
[[nodiscard]] std::string key_of(const std::map<std::string, std::vector<std::string>>& programs);

}  // namespace worktrees
