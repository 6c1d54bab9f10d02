#include "worktrees/gitmodules.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace worktrees {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool is_of_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/// git's configuration syntax (git-config(1), "Syntax"), as much of it as there is.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  struct Entry {
    std::string section;     ///< in lower case
    std::string subsection;  ///< as it is
    std::string key;         ///< in lower case
    std::string value;
  };
  /// The next one; nothing at the end, or where it is no configuration any more.
  std::optional<Entry> next() {
    for (;;) {
      skip_blank();
      if (at_ >= text_.size()) {
        return std::nullopt;
      }
      if (text_[at_] == '[') {
        if (!header()) {
          return std::nullopt;
        }
        continue;
      }
      Entry entry{.section = section_, .subsection = subsection_, .key = {}, .value = {}};
      while (at_ < text_.size() && is_of_key(text_[at_])) {
        entry.key += text_[at_++];
      }
      entry.key = jobs::ascii_lower(entry.key);
      while (at_ < text_.size() && is_space(text_[at_])) {
        ++at_;
      }
      if (entry.key.empty()) {
        return std::nullopt;
      }
      if (at_ < text_.size() && text_[at_] == '=') {
        ++at_;
        auto read = value();
        if (!read) {
          return std::nullopt;
        }
        entry.value = *std::move(read);
      }
      return entry;
    }
  }

 private:
  void skip_line() { at_ = std::min(text_.size(), text_.find('\n', at_)); }

  void skip_blank() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_]) || text_[at_] == '\n') {
        ++at_;
      } else if (text_[at_] == '#' || text_[at_] == ';') {
        skip_line();
      } else {
        return;
      }
    }
  }

  /// `[section]`, `[section.sub]` or `[section "sub"]`.
  bool header() {
    ++at_;
    section_.clear();
    subsection_.clear();
    while (at_ < text_.size() && (is_of_key(text_[at_]) || text_[at_] == '.')) {
      section_ += text_[at_++];
    }
    section_ = jobs::ascii_lower(section_);
    if (const std::size_t dot = section_.find('.'); dot != std::string::npos) {
      subsection_ = section_.substr(dot + 1);
      section_.resize(dot);
    }
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      subsection_.clear();
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
        at_ += text_[at_] == '\\' ? 1U : 0U;
        if (at_ < text_.size()) {
          subsection_ += text_[at_++];
        }
      }
      ++at_;
    }
    return at_ < text_.size() && text_[at_++] == ']';
  }

  /// Up to the end of its line, or of the lines that go on behind a backslash.
  std::optional<std::string> value() {
    std::string out;
    std::size_t kept = 0;  // Blanks at the end are none of it.
    bool quoted = false;
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        quoted = !quoted;
        kept = std::max(kept, out.size());
        continue;
      }
      if (!quoted && (c == '#' || c == ';')) {
        skip_line();
        break;
      }
      if (c == '\\') {
        const char escaped = ++at_ < text_.size() ? text_[at_] : '\0';
        if (escaped == '\n') {
          continue;
        }
        constexpr std::string_view kNames = "tbn\\\"";
        constexpr std::string_view kMeant = "\t\b\n\\\"";
        const std::size_t which = kNames.find(escaped);
        if (which == std::string_view::npos) {
          return std::nullopt;
        }
        out += kMeant[which];
        kept = out.size();
        continue;
      }
      out += c;
      kept = quoted || !is_space(c) ? out.size() : kept;
    }
    out.resize(kept);
    return quoted ? std::nullopt : std::optional(out);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string section_;
  std::string subsection_;
};

bool leaves_its_folder(std::string_view name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find_first_of("/\\", begin), name.size());
    if (name.substr(begin, end - begin) == "..") {
      return true;
    }
    begin = end + 1;
  }
  return name.empty();
}

/// "../../:x": what is left after the dots could take the place of a host.
bool takes_the_host(std::string_view url) {
  bool climbs = false;
  for (;;) {
    if (url.starts_with("../") || url.starts_with("..\\")) {
      url.remove_prefix(3);
      climbs = true;
    } else if (url.starts_with("./") || url.starts_with(".\\")) {
      url.remove_prefix(2);
    } else {
      return climbs && (url.starts_with(':') || url.starts_with('/'));
    }
  }
}

bool has_no_host(std::string_view url) {
  const std::string low = jobs::ascii_lower(url);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"http://", "https://", "ftp://", "ftps://"},
      [&](std::string_view scheme) {
        return low.starts_with(scheme) &&
               (low.size() == scheme.size() || low[scheme.size()] == '/');
      });
}

std::string url_problem(std::string_view url) {
  if (url.starts_with('-')) {
    return "a URL that begins with a dash, which a program would take for an option";
  }
  if (url.find('\n') != std::string_view::npos ||
      jobs::ascii_lower(url).find("%0a") != std::string::npos) {
    return "a URL with a line end";
  }
  if (takes_the_host(url) || has_no_host(url)) {
    return "a URL without a host";
  }
  return {};
}

}  // namespace

std::string gitmodules_problem(std::string_view text) {
  Reader reader(text);
  while (const auto entry = reader.next()) {
    if (entry->section != "submodule") {
      continue;
    }
    const std::string who = fmt::format("submodule '{}'", jobs::one_line(entry->subsection, 60));
    if (leaves_its_folder(entry->subsection)) {
      return fmt::format("{} has a name that leaves its folder (gitmodulesName)", who);
    }
    if (entry->key == "url") {
      if (const std::string problem = url_problem(entry->value); !problem.empty()) {
        return fmt::format("{} has {} (gitmodulesUrl)", who, problem);
      }
    }
    if (entry->key == "path" && entry->value.starts_with('-')) {
      return fmt::format("{} has a path that begins with a dash (gitmodulesPath)", who);
    }
    if (entry->key == "update" && entry->value.starts_with('!')) {
      return fmt::format("{} has an update command (gitmodulesUpdate)", who);
    }
  }
  return {};
}

}  // namespace worktrees
