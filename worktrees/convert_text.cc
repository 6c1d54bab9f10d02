#include "worktrees/convert_text.h"

#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>

namespace worktrees {

namespace {

struct Closed {
  void operator()(iconv_t handle) const { ::iconv_close(handle); }
};
using Handle = std::unique_ptr<void, Closed>;

/// How long the keyword at the front of `text` (behind its first dollar) is, with its last dollar;
/// 0: there is none.
std::size_t keyword(std::string_view text) {
  if (text.starts_with("Id$")) {
    return 3;
  }
  if (!text.starts_with("Id:")) {
    return 0;
  }
  const std::size_t end = text.find('$', 3);
  if (end == std::string_view::npos) {
    return 0;
  }
  const std::string_view inside = text.substr(3, end - 3);
  const std::size_t space = inside.find(' ', 1);
  const bool foreign = space != std::string_view::npos && space + 1 < inside.size();
  return inside.find('\n') != std::string_view::npos || foreign ? 0 : end + 1;
}

}  // namespace

std::string expand_ident(std::string_view text, std::string_view hex) {
  std::string out;
  for (std::size_t dollar = 0; (dollar = text.find('$')) != std::string_view::npos;) {
    out += text.substr(0, dollar + 1);
    text.remove_prefix(dollar + 1);
    if (const std::size_t length = keyword(text); length > 0) {
      out += "Id: ";
      out += hex;
      out += " $";
      text.remove_prefix(length);
    }
  }
  return out += text;
}

std::optional<std::string> encode(std::string_view utf8, std::string encoding) {
  std::ranges::transform(encoding, encoding.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (utf8.empty() || encoding == "UTF-8" || encoding == "UTF8") {
    return std::string(utf8);
  }
  std::string out;
  // git's own names for what has a mark of its byte order.
  if (encoding == "UTF-16LE-BOM") {
    out = "\xff\xfe";
    encoding = "UTF-16LE";
  } else if (encoding == "UTF-16BE-BOM") {
    out = "\xfe\xff";
    encoding = "UTF-16BE";
  }
  const iconv_t opened = ::iconv_open(encoding.c_str(), "UTF-8");
  if (opened == reinterpret_cast<iconv_t>(-1)) {  // NOLINT: as iconv_open(3) says it
    return std::nullopt;
  }
  const Handle converter(opened);
  char* in = const_cast<char*>(utf8.data());  // iconv does not write there
  std::size_t left = utf8.size();
  while (true) {
    char piece[4096];
    char* to = piece;
    std::size_t room = sizeof piece;
    // The last call, without input, writes what the encoding ends with.
    const bool last = left == 0;
    const std::size_t code =
        ::iconv(converter.get(), last ? nullptr : &in, last ? nullptr : &left, &to, &room);
    out.append(piece, sizeof piece - room);
    if (code == static_cast<std::size_t>(-1) && errno != E2BIG) {
      return std::nullopt;
    }
    if (last && code != static_cast<std::size_t>(-1)) {
      return out;
    }
  }
}

}  // namespace worktrees
