#include "jobs/model/issue.h"

#include <algorithm>

#include "jobs/base/ascii.h"
#include "jobs/base/sha256.h"
#include "jobs/base/text.h"

namespace jobs {

namespace {

constexpr std::size_t kMaxReferences = 50;
constexpr std::size_t kMaxDigits = 15;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return (to_ascii_lower(c) >= 'a' && to_ascii_lower(c) <= 'z') || is_digit(c) || c == '_';
}

bool is_name(char c) {
  return is_word(c) || c == '.' || c == '-' || c == '/';
}

/// A place in a text that only moves forward.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return pos_ >= text_.size(); }
  [[nodiscard]] std::size_t pos() const { return pos_; }
  void move_to(std::size_t pos) { pos_ = pos; }

  bool word(std::string_view wanted) {
    if (text_.size() - pos_ < wanted.size()) {
      return false;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (to_ascii_lower(text_[pos_ + i]) != wanted[i]) {
        return false;
      }
    }
    const std::size_t end = pos_ + wanted.size();
    if ((pos_ > 0 && is_word(text_[pos_ - 1])) || (end < text_.size() && is_word(text_[end]))) {
      return false;
    }
    pos_ = end;
    return true;
  }

  /// Skips characters of `set`; true if there was at least one.
  bool skip(std::string_view set) {
    const std::size_t start = pos_;
    while (!at_end() && set.find(text_[pos_]) != std::string_view::npos) {
      ++pos_;
    }
    return pos_ > start;
  }

  /// "#7" or "owner/repo#7"; empty and unmoved if there is none here.
  std::string_view reference() {
    std::size_t end = pos_;
    while (end < text_.size() && is_name(text_[end])) {
      ++end;
    }
    if (end == text_.size() || text_[end] != '#') {
      return {};
    }
    const std::size_t number = ++end;
    while (end < text_.size() && is_digit(text_[end])) {
      ++end;
    }
    const bool whole = end == text_.size() || !is_word(text_[end]);
    if (end == number || end - number > kMaxDigits || text_[number] == '0' || !whole) {
      return {};
    }
    const std::string_view found = text_.substr(pos_, end - pos_);
    pos_ = end;
    return found;
  }

 private:
  std::string_view text_;
  std::size_t pos_ = 0;
};

}  // namespace

std::string_view to_string(Permission permission) {
  switch (permission) {
    case Permission::unknown: return "unknown";
    case Permission::none: return "none";
    case Permission::read: return "read";
    case Permission::triage: return "triage";
    case Permission::write: return "write";
    case Permission::admin: return "admin";
  }
  return "unknown";
}

std::optional<Permission> parse_permission(std::string_view text) {
  for (const Permission permission : {Permission::none, Permission::read, Permission::triage,
                                      Permission::write, Permission::admin}) {
    if (to_string(permission) == text) {
      return permission;
    }
  }
  return std::nullopt;
}

bool Issue::has_label(std::string_view label) const {
  return std::ranges::find(labels, label) != labels.end();
}

std::string Issue::text_digest() const {
  if (text_left_out) {
    return left_out_digest;
  }
  // The title's length goes first, so that no text can be moved between title and body unseen.
  return sha256_hex(std::to_string(title.size()) + "\n" + title + "\n" + body);
}

std::int64_t Issue::text_bytes() const {
  return text_left_out ? left_out_bytes : static_cast<std::int64_t>(title.size() + body.size());
}

void Issue::leave_text_out() {
  left_out_digest = text_digest();
  left_out_bytes = text_bytes();
  text_left_out = true;
  forget(body);
}

namespace {

/// Where `wanted` stands next; `known` is where it stood last, or the end.
std::size_t next_of(std::string_view text, char wanted, std::size_t& known, std::size_t from) {
  if (known < from || known == 0) {
    known = std::min(text.find(wanted, from), text.size());
  }
  return known;
}

}  // namespace

std::vector<std::string> blocked_by_references(std::string_view body) {
  // Emphasis and a colon may stand around the words: "**Blocked by:** #3".
  constexpr std::string_view kGap = " \t";
  constexpr std::string_view kDecoration = " \t*_:`";
  std::vector<std::string> found;
  Cursor cursor(body);
  std::size_t small = 0;
  std::size_t large = 0;
  while (!cursor.at_end() && found.size() < kMaxReferences) {
    // Straight to where the word could begin: bodies are long.
    const std::size_t start =
        std::min(next_of(body, 'b', small, cursor.pos()), next_of(body, 'B', large, cursor.pos()));
    cursor.move_to(start);
    if (!(cursor.word("blocked") && cursor.skip(kGap) && cursor.word("by"))) {
      cursor.move_to(start + 1);
      continue;
    }
    cursor.skip(kDecoration);
    while (found.size() < kMaxReferences) {
      const std::string_view reference = cursor.reference();
      if (reference.empty()) {
        break;
      }
      if (std::ranges::find(found, reference) == found.end()) {
        found.emplace_back(reference);
      }
      cursor.skip(kDecoration);
      const bool comma = cursor.skip(",");
      cursor.skip(kDecoration);
      if (!cursor.word("and") && !comma) {
        break;
      }
      cursor.skip(kDecoration);
    }
  }
  return found;
}

}  // namespace jobs
