#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Private to this room.
namespace worktrees {

/// Counts how much there is of rules: the .gitattributes and .gitignore files of a tree. libgit2
/// keeps all that it has read of them, some hundred bytes for each word, and where the memory for
/// it ends, libgit2 1.5.1 keeps a lock, too: the next question about the same file waits for ever
/// (git_attr_file__parse_buffer). So what holds too many is never shown to it.
class RuleBytes {
 public:
  /// Of either kind, together. Repositories of a hundred thousand files have a tenth of it.
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 20;

  [[nodiscard]] static bool counts(std::string_view path);
  /// One more, at a path that counts. "", or what is to be said: there are too many.
  [[nodiscard]] std::string add(std::string_view path, std::uint64_t bytes);
  /// The same of all that was counted below the directory `path`.
  [[nodiscard]] std::string add(std::string_view path, const RuleBytes& below);

 private:
  [[nodiscard]] static std::string add(std::uint64_t& all, std::string_view name,
                                       std::string_view path, std::uint64_t bytes);

  std::uint64_t attributes_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace worktrees
