#include "runner/process/redactor.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <utility>

#include "jobs/base/text.h"
#include "runner/process/secret_forms.h"

namespace runner::process {

namespace {

constexpr std::size_t kShortest = 4;
constexpr std::string_view kReplacement = "[redacted]";

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
