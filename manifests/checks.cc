#include "manifests/checks.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace manifests {

namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20U || c == '\x7F';
}

Fault no_control(std::string_view text, std::string_view allowed) {
  for (const char c : text) {
    if (is_control(c) && allowed.find(c) == std::string_view::npos) {
      return fmt::format("holds control character 0x{:02x}", static_cast<unsigned char>(c));
    }
  }
  // C1 controls (U+0080 to U+009F) are "\xC2\x80" to "\xC2\x9F" in UTF-8; some terminals act on
  // them.
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0U) {
      return fmt::format("holds control character 0x{:02x}",
                         static_cast<unsigned char>(text[i + 1]));
    }
  }
  return std::nullopt;
}

Fault component(std::string_view part) {
  if (part.empty()) {
    return "has an empty part between slashes";
  }
  if (part == "." || part == "..") {
    return fmt::format("has '{}' as a part", part);
  }
  if (part.size() > 100) {
    return "has a part of more than 100 characters";
  }
  return std::nullopt;
}

template <typename Check>
Fault every_part(std::string_view text, Check check) {
  for (;;) {
    const std::size_t slash = text.find('/');
    if (Fault fault = check(text.substr(0, slash))) {
      return fault;
    }
    if (slash == std::string_view::npos) {
      return std::nullopt;
    }
    text.remove_prefix(slash + 1);
  }
}

Fault short_text(std::string_view text, std::size_t most) {
  if (text.empty()) {
    return "is empty";
  }
  if (text.size() > most) {
    return fmt::format("is longer than {} bytes", most);
  }
  return no_control(text, {});
}

/// Between "://" and the path.
std::string_view authority(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

/// "host:443" has one, "user:password" (cut off at a slash in the password) has not.
bool has_good_port(std::string_view host) {
  host.remove_prefix(host.rfind('@') + 1);
  if (host.starts_with('[')) {  // an IPv6 address holds colons itself
    host.remove_prefix(std::min(host.find(']'), host.size()));
  }
  const std::size_t colon = host.find(':');
  return colon == std::string_view::npos ||
         std::ranges::all_of(host.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Fault check_plain(std::string_view text) {
  return no_control(text, {});
}
Fault check_long_text(std::string_view text) {
  return no_control(text, "\n\r\t");
}

Fault check_name(std::string_view text) {
  if (Fault fault = short_text(text, 64)) {
    return fault;
  }
  if (!is_alnum(text.front())) {
    return "must begin with a letter or digit";
  }
  if (!std::ranges::all_of(
          text, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
    return "may only hold letters, digits, '.', '_' and '-'";
  }
  return std::nullopt;
}

Fault check_repo_name(std::string_view text) {
  if (Fault fault = short_text(text, 200)) {
    return fault;
  }
  return every_part(text, [](std::string_view part) -> Fault {
    if (Fault fault = component(part)) {
      return fault;
    }
    if (part.front() == '-') {
      return "has a part that begins with '-'";
    }
    if (!std::ranges::all_of(
            part, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
      return "may only hold letters, digits, '.', '_', '-' and '/'";
    }
    return std::nullopt;
  });
}

Fault check_branch(std::string_view text) {
  if (Fault fault = short_text(text, 200)) {
    return fault;
  }
  if (text.front() == '-') {
    return "begins with '-'";
  }
  if (text.starts_with("refs/")) {
    return "must be a branch's short name, without refs/heads/";
  }
  if (text == "@" || text == "HEAD" || text.find("@{") != std::string_view::npos) {
    return "is not a branch name";
  }
  if (text.find_first_of(" ~^:?*[\\") != std::string_view::npos) {
    return "holds a character that git does not allow in a branch";
  }
  if (text.find("..") != std::string_view::npos || text.ends_with('.')) {
    return "has '..' in it or ends with '.'";
  }
  return every_part(text, [](std::string_view part) -> Fault {
    if (part.empty() || part.front() == '.' || part.ends_with(".lock")) {
      return "has a part that is empty, begins with '.' or ends with \".lock\"";
    }
    return std::nullopt;
  });
}

bool is_url(std::string_view remote) {
  const std::size_t colon = remote.find(':');
  return colon != std::string_view::npos && colon > 0 && remote.find('/') > colon;
}

std::string web_host(std::string_view remote) {
  const bool web = remote.starts_with("http://") || remote.starts_with("https://");
  return web ? std::string(remote.substr(0, remote.find('/', remote.find("://") + 3)))
             : std::string();
}

bool is_ssh_url(std::string_view remote) {
  return remote.starts_with("ssh://") ||
         (is_url(remote) && remote.find("://") == std::string_view::npos);
}

Fault check_remote(std::string_view text) {
  if (Fault fault = short_text(text, 2000)) {
    return fault;
  }
  if (text.front() == '-') {
    return "begins with '-', like an option";
  }
  if (!is_url(text)) {
    return std::nullopt;
  }
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) {
    return text.find("::") != std::string_view::npos
               ? Fault("names a remote helper, which may run any program")
               : std::nullopt;  // user@host:path
  }
  const std::string_view scheme = text.substr(0, scheme_end);
  static constexpr auto kSchemes =
      std::to_array<std::string_view>({"https", "http", "ssh", "git", "file"});
  if (std::ranges::find(kSchemes, scheme) == kSchemes.end()) {
    return "is not a URL that git can use (https, http, ssh, git, file)";
  }
  const std::string_view host = authority(text);
  const std::size_t sign = host.rfind('@');
  if (sign != std::string_view::npos &&
      (scheme != "ssh" || host.substr(0, sign).find(':') != std::string_view::npos)) {
    return "holds a user name or password";
  }
  if (!has_good_port(host)) {
    return "has no usable port";
  }
  if ((host.empty() && scheme != "file") || host.starts_with('-') ||
      host.find("@-") != std::string_view::npos) {
    return "has no usable host";
  }
  return std::nullopt;
}

Fault check_web_url(std::string_view text) {
  if (Fault fault = short_text(text, 2000)) {
    return fault;
  }
  if (!text.starts_with("https://") && !text.starts_with("http://")) {
    return "is not an http or https address";
  }
  const std::string_view host = authority(text);
  if (host.empty()) {
    return "has no host";
  }
  if (host.find('@') != std::string_view::npos) {
    return "holds a user name or password";
  }
  if (!has_good_port(host)) {
    return "has no usable port";
  }
  return text.find_first_of(" \t\\") == std::string_view::npos
             ? Fault()
             : Fault("holds a blank or backslash");
}

Fault check_inner_path(std::string_view text) {
  if (Fault fault = short_text(text, 1000)) {
    return fault;
  }
  if (text.front() == '/') {
    return "must be relative";
  }
  if (text.front() == '-') {
    return "begins with '-'";
  }
  return every_part(text, component);
}

Fault check_glob(std::string_view text) {
  if (Fault fault = short_text(text, 1000)) {
    return fault;
  }
  if (text.front() == '!') {
    return "begins with '!': there are no exceptions";
  }
  if (text.front() == '/') {
    return "must be relative to the root of the repository, without a leading '/'";
  }
  if (text.find("***") != std::string_view::npos || text.find('\\') != std::string_view::npos) {
    return "has '***' or a backslash in it";
  }
  return every_part(text.ends_with('/') ? text.substr(0, text.size() - 1) : text, component);
}

Fault check_label(std::string_view text) {
  return short_text(text, 100);
}

Fault check_actor(std::string_view text) {
  if (Fault fault = short_text(text, 100)) {
    return fault;
  }
  return text.find_first_of(" /\\\"'<>") == std::string_view::npos
             ? Fault()
             : Fault("holds a blank, quote or slash");
}

Fault check_variable(std::string_view text) {
  if (Fault fault = short_text(text, 200)) {
    return fault;
  }
  const bool good = !(text.front() >= '0' && text.front() <= '9') &&
                    std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
  return good ? Fault() : Fault("is not a variable's name (letters, digits and '_')");
}

}  // namespace manifests
