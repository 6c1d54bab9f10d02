// Which elements hide what they hold, and where a comment ends: https://html.spec.whatwg.org,
// "Parsing HTML documents" and "Rendering". Not a parser of all of that: it knows what an editor
// and hostile people write.
#include "runner/trackers/plane_html.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace runner::trackers::plane {

namespace {

constexpr std::size_t kLongestEntity = 12;  ///< with '&' and ';'
constexpr std::string_view kUnseen = "<!-- -->";

constexpr std::array<std::string_view, 7> kNeverShown{"script", "style",    "template", "title",
                                                      "iframe", "noframes", "noembed"};
constexpr std::array<std::string_view, 8> kParagraphs{"p",  "h1", "h2", "h3",
                                                      "h4", "h5", "h6", "hr"};
constexpr std::array<std::string_view, 27> kBlocks{
    "address", "article",  "aside",   "blockquote", "body",  "dd",     "details", "div", "dl",
    "dt",      "fieldset", "figure",  "footer",     "form",  "header", "html",    "li",  "main",
    "nav",     "ol",       "section", "summary",    "table", "tbody",  "thead",   "tr",  "ul"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_letter(char c) {
  return jobs::to_ascii_lower(c) >= 'a' && jobs::to_ascii_lower(c) <= 'z';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

class Converter {
 public:
  explicit Converter(std::string_view html) : html_(html) { out_.reserve(html.size()); }

  std::string run() {
    while (at_ < html_.size()) {
      const char c = html_[at_];
      if (c == '<') {
        markup();
      } else if (c == '&') {
        entity();
      } else {
        character(c);
      }
    }
    if (in_pre_) {
      end_pre();
    }
    while (!out_.empty() && is_space(out_.back())) {
      out_.pop_back();
    }
    return std::move(out_);
  }

 private:
  void character(char c) {
    ++at_;
    if (in_pre_ || (c != '\n' && c != '\r')) {
      out_ += c;
    } else if (!out_.empty() && !is_space(out_.back())) {
      out_ += ' ';  // A break in the source is none on the page.
    }
  }

  void entity() {
    const std::string_view rest = html_.substr(at_, kLongestEntity);
    const std::size_t end = rest.find(';');
    const auto text =
        end == std::string_view::npos ? std::nullopt : entity_named(rest.substr(1, end - 1));
    out_ += text.value_or("&");
    at_ += text ? end + 1 : 1;
  }

  void markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.starts_with("<!--")) {
      at_ = end_of_comment(at_ + 2);
      out_ += kUnseen;
      return;
    }
    const bool closing = rest.size() > 1 && rest[1] == '/';
    const std::size_t name_at = at_ + (closing ? 2 : 1);
    const bool opens =
        name_at < html_.size() && (is_letter(html_[name_at]) ||
                                   (!closing && (html_[name_at] == '!' || html_[name_at] == '?')));
    const auto end = opens ? end_of_tag(name_at) : std::nullopt;
    if (!end) {
      out_ += '<';
      ++at_;
      return;
    }
    std::string name;
    for (std::size_t i = name_at; i < *end && !is_space(html_[i]) && html_[i] != '/'; ++i) {
      name += jobs::to_ascii_lower(html_[i]);
    }
    at_ = *end + 1;
    tag(name, closing);
  }

  /// `dashes`: those of "<!--", which may be its end as well ("<!-->"). One that is not closed
  /// hides all behind it on the page, too.
  [[nodiscard]] std::size_t end_of_comment(std::size_t dashes) const {
    for (std::size_t i = html_.find("--", dashes); i != std::string_view::npos;
         i = html_.find("--", i + 1)) {
      const std::string_view behind = html_.substr(i + 2, 2);
      if (behind.starts_with('>')) {
        return i + 3;
      }
      if (behind == "!>" && i > dashes + 1) {
        return i + 4;
      }
    }
    return html_.size();
  }

  /// Where the '>' of a tag is; one within quotes is not. Where there is none, there is none for
  /// any later tag, which is then text.
  std::optional<std::size_t> end_of_tag(std::size_t from) {
    char quote = '\0';
    for (std::size_t i = from; i < html_.size() && !only_text_; ++i) {
      const char c = html_[i];
      if (quote != '\0') {
        quote = c == quote ? '\0' : quote;
      } else if (c == '>') {
        return i;
      } else if ((c == '"' || c == '\'') && html_[i - 1] == '=') {
        quote = c;
      }
    }
    only_text_ = true;
    return std::nullopt;
  }

  void tag(const std::string& name, bool closing) {
    if (among(kNeverShown, name)) {
      if (!closing) {
        skip_to_end_of(name);
      }
    } else if (name == "pre") {
      if (closing == in_pre_) {
        closing ? end_pre() : begin_pre();
      }
    } else if (in_pre_) {
      out_ += name == "br" ? "\n" : "";
    } else if (name == "br") {
      out_ += '\n';
    } else if (among(kParagraphs, name)) {
      if (closing) {
        out_ += '\n';
      } else if (!after_bullet_) {
        new_line();
      }
      after_bullet_ = false;
    } else if (among(kBlocks, name)) {
      new_line();
      after_bullet_ = name == "li" && !closing;
      out_ += after_bullet_ ? "- " : "";
    } else if (name == "td" || name == "th") {
      out_ += closing ? " | " : "";
    } else if (name == "code") {
      out_ += '`';
    } else if (name == "img" || name == "image-component") {
      out_ += closing ? "" : "[image]";
    }
  }

  void begin_pre() {
    new_line();
    out_ += "```\n";
    in_pre_ = true;
  }

  void end_pre() {
    new_line();
    out_ += "```\n";
    in_pre_ = false;
  }

  void new_line() {
    if (!out_.empty() && out_.back() != '\n') {
      out_ += '\n';
    }
  }

  /// Each search ends where the next begins, or at the end of all: linear over the whole text.
  void skip_to_end_of(const std::string& name) {
    out_ += kUnseen;
    for (at_ = html_.find("</", at_); at_ != std::string_view::npos;
         at_ = html_.find("</", at_ + 2)) {
      if (std::ranges::equal(html_.substr(at_ + 2, name.size()), name, {}, jobs::to_ascii_lower)) {
        const std::size_t end = html_.find('>', at_);
        at_ = end == std::string_view::npos ? html_.size() : end + 1;
        return;
      }
    }
    at_ = html_.size();
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::string out_;
  bool in_pre_ = false;
  bool after_bullet_ = false;  ///< the paragraph in a list item stands beside its bullet
  bool only_text_ = false;     ///< no tag is closed any more
};

}  // namespace

Html escaped(std::string_view text) {
  Html html;
  html.value = "<p>";
  for (const char c : jobs::to_valid_utf8(text)) {
    switch (c) {
      case '&': html.value += "&amp;"; break;
      case '<': html.value += "&lt;"; break;
      case '>': html.value += "&gt;"; break;
      case '"': html.value += "&quot;"; break;
      case '\'': html.value += "&#39;"; break;
      case '\n': html.value += "</p><p>"; break;
      case '\r': break;
      default: html.value += c;
    }
  }
  html.value += "</p>";
  return html;
}

std::string text_of_html(std::string_view html) {
  return Converter(html).run();
}

}  // namespace runner::trackers::plane
