#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "jobs/base/sha256.h"

namespace worktrees {

/// What something was made with, as a key. Each part stands with its length: no two lists of parts
/// have one key.
class KeyText {
 public:
  void add(std::string_view part) { text_ += fmt::format("{}:{};", part.size(), part); }
  void add(const std::vector<std::string>& argv) {
    add(fmt::format("command of {}", argv.size()));
    for (const std::string& word : argv) {
      add(word);
    }
  }
  [[nodiscard]] std::string key() const { return jobs::sha256_hex(text_); }

 private:
  std::string text_;
};

}  // namespace worktrees
