#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace runner::process {

/// True for names of variables whose values nobody should read ("GITHUB_TOKEN", "DB_PASSWORD").
[[nodiscard]] bool looks_secret(std::string_view name);

/// Replaces secrets in a stream by "[redacted]", also where one is split over two chunks. Knows
/// each value as it is, line by line, and as JSON, URLs, base64 and hexadecimal digits write it
/// (secret_forms.h), also where lines end within it.
/// Values shorter than four bytes are left alone: they would match everywhere.
class Redactor {
 public:
  void add_secret(std::string_view value);
  /// What may be written now. At most three times the length of the longest form is held back.
  [[nodiscard]] std::string feed(std::string_view chunk);
  /// What was held back, at the end of the stream.
  [[nodiscard]] std::string finish();
  /// One whole text.
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  void add_form(std::string form);
  [[nodiscard]] std::string scan(bool last, std::string& pending) const;

  std::vector<std::string> forms_;  ///< longest first
  std::array<bool, 256> starts_{};  ///< bytes with which a form begins
  std::string pending_;
};

}  // namespace runner::process
