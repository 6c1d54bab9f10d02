#include "runner/process/redactor.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "jobs/base/text.h"
#include "runner/process/secret_forms.h"

namespace runner::process {

namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kReplacement = "[redacted]";

struct Meeting {
  enum class How : std::uint8_t { none, part, whole } how = How::none;
  std::size_t length = 0;  ///< of the text, when whole
};

/// Whether `text` begins with the form; a line may end between any two of its characters, as where
/// base64 is wrapped. part: the text ends before that is known.
Meeting meet(std::string_view form, std::string_view text) {
  std::size_t at = 0;
  for (std::size_t digit = 0; digit < form.size(); ++digit, ++at) {
    if (at < text.size() && text[at] != form[digit] && digit > 0) {
      at += text[at] == '\r' ? 1U : 0U;
      at += at < text.size() && text[at] == '\n' ? 1U : 0U;
    }
    if (at >= text.size()) {
      return {Meeting::How::part, 0};
    }
    if (text[at] != form[digit]) {
      return {};
    }
  }
  return {Meeting::How::whole, at};
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
  for (std::string& form : forms_of(value)) {
    add_form(std::move(form));
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
      const Meeting met = meet(form, rest);
      if (met.how == Meeting::How::whole) {
        matched = met.length;
        break;
      }
      // The longer form may still come true; the shorter one must wait for it.
      if (!last && met.how == Meeting::How::part) {
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
