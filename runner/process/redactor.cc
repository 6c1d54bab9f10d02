#include "runner/process/redactor.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

#include "jobs/base/planted.h"
#include "jobs/base/text.h"

namespace runner::process {

namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kReplacement = "[redacted]";

std::string as_json(std::string_view value) {
  std::string result;
  for (const char c : value) {
    switch (c) {
      case '"': result += "\\\""; break;
      case '\\': result += "\\\\"; break;
      case '\n': result += "\\n"; break;
      case '\r': result += "\\r"; break;
      case '\t': result += "\\t"; break;
      default: result += c;
    }
  }
  return result;
}

std::string as_url(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return result;
}

std::string as_base64(std::string_view value) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : value) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    have += 8;
    while (have >= 6) {
      have -= 6;
      result += kDigits[bits >> static_cast<unsigned>(have) & 63U];
    }
  }
  // The last, incomplete digit is left out, so that the value is also found in front of something
  // else.
  return result;
}

}  // namespace

bool looks_secret(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  constexpr std::string_view kWords[] = {"TOKEN", "SECRET",     "PASSWORD", "PASSWD", "PASSPHRASE",
                                         "KEY",   "CREDENTIAL", "AUTH",     "COOKIE", "DSN"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return upper.find(word) != std::string::npos; });
}

void Redactor::add_secret(std::string_view value) {
  value = jobs::trimmed(value);
  add_form(std::string(value));
  add_form(as_json(value));
  add_form(as_url(value));
  if (value.size() >= 8 && !RUNNER_PLANTED(base64_not_redacted)) {
    add_form(as_base64(value));
  }
  if (value.find('\n') != std::string_view::npos) {
    while (!value.empty()) {
      const auto end = std::min(value.find('\n'), value.size());
      if (const auto line = jobs::trimmed(value.substr(0, end)); line.size() >= 8) {
        add_form(std::string(line));
      }
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  }
}

void Redactor::add_form(std::string form) {
  if (form.size() < kShortest || std::ranges::find(forms_, form) != forms_.end()) {
    return;
  }
  starts_[static_cast<unsigned char>(form.front())] = true;
  forms_.push_back(std::move(form));
  std::ranges::stable_sort(forms_, std::greater{}, &std::string::size);
}

std::string Redactor::feed(std::string_view chunk) {
  pending_ += chunk;
  return scan(false, pending_);
}

std::string Redactor::finish() {
  return scan(true, pending_);
}

std::string Redactor::redact(std::string_view text) const {
  std::string pending(text);
  return scan(true, pending);
}

std::string Redactor::scan(bool last, std::string& pending) const {
  std::string result;
  result.reserve(pending.size());
  const std::string_view text(pending);
  std::size_t at = 0;
  bool held = false;
  while (at < text.size() && !held) {
    std::size_t skip = at;
    while (skip < text.size() && !starts_[static_cast<unsigned char>(text[skip])]) {
      ++skip;
    }
    result.append(text.substr(at, skip - at));
    at = skip;
    if (at == text.size()) {
      break;
    }
    const std::string_view rest = text.substr(at);
    std::size_t matched = 0;
    for (const auto& form : forms_) {
      if (rest.starts_with(form)) {
        matched = form.size();
        break;
      }
      // The longer form may still come true; the shorter one must wait for it.
      if (!last && rest.size() < form.size() && std::string_view(form).starts_with(rest)) {
        held = true;
        break;
      }
    }
    if (held) {
      break;
    }
    if (matched > 0) {
      result.append(kReplacement);
      at += matched;
    } else {
      result += text[at++];
    }
  }
  pending.erase(0, at);
  return result;
}

}  // namespace runner::process
