#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/diagnostic.h"

namespace manifests {

/// What may be said beside the message of an error.
struct Advice {
  std::string expected;
  std::string suggestion;
  std::string hint;
};

/// Collects the errors of all files; knows their text, to show the offending lines without their
/// secrets.
class Report {
 public:
  void add_text(const std::string& file, std::string text) { texts_[file] = std::move(text); }
  /// The same error at the same place is kept once.
  void error(const Position& at, std::string message, Advice advice = {});
  void add(Diagnostic diagnostic);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] std::size_t count() const { return found_.size(); }
  /// All errors, by file, line and column.
  [[nodiscard]] std::vector<Diagnostic> take() &&;

 private:
  std::map<std::string, std::string> texts_;
  std::vector<Diagnostic> found_;
};

/// True for keys that would hold a secret itself ("token", "api_key", "WEBHOOK_PASSWORD"), false
/// for "token_env".
[[nodiscard]] bool names_a_secret(std::string_view key);

/// One line of a manifest without what may be a secret: values of such keys, passwords in URLs.
[[nodiscard]] std::string redacted(std::string_view line);

}  // namespace manifests
