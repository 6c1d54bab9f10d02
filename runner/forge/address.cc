#include "runner/forge/address.h"

#include <algorithm>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/forge/api.h"

namespace runner::forge {

namespace {

/// RFC 3986, 2.3.
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encoded(std::string_view text) {
  // "." and ".." as a whole segment would be taken away by clients and proxies.
  const bool dots = text == "." || text == "..";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) && !dots) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '\\' || c == '<' || c == '>';
  });
}

}  // namespace

std::string path_of(std::span<const std::string_view> parts) {
  std::string path;
  for (const std::string_view part : parts) {
    path += '/';
    path += encoded(part);
  }
  return path;
}

std::string query_of(std::span<const std::pair<std::string_view, std::string_view>> parts) {
  std::string query;
  for (const auto& [name, value] : parts) {
    query += query.empty() ? '?' : '&';
    query += encoded(name) + '=' + encoded(value);
  }
  return query;
}

std::string_view origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::string_view name = url.substr(0, scheme);
  if (scheme == std::string_view::npos || (name != "http" && name != "https")) {
    return {};
  }
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string_view host_of(std::string_view url) {
  std::string_view host = origin_of(url);
  host.remove_prefix(std::min(host.size(), host.find("://") + 3));
  host = host.substr(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
  if (host.starts_with('[')) {
    return host.substr(0, host.find(']') + 1);
  }
  return host.substr(0, host.find(':'));
}

std::string next_link(std::string_view header) {
  while (!header.empty()) {
    const std::size_t open = header.find('<');
    const std::size_t close = header.find('>', open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      return "";
    }
    const std::string_view target = header.substr(open + 1, close - open - 1);
    header.remove_prefix(close + 1);
    const std::string_view parameters = header.substr(0, header.find('<'));
    header.remove_prefix(parameters.size());
    for (const std::string_view form : {"rel=\"next\"", "rel=next"}) {
      const std::size_t at = parameters.find(form);
      const std::size_t end = at + form.size();
      if (at != std::string_view::npos &&
          (end == parameters.size() || std::string_view(" ,;\t").contains(parameters[end]))) {
        return std::string(jobs::trimmed(target));
      }
    }
  }
  return "";
}

std::optional<std::string> on_same_origin(std::string_view root, std::string_view to) {
  const std::string_view origin = origin_of(root);
  if (origin.empty() || to.empty() || !is_clean(to)) {
    return std::nullopt;
  }
  if (to.starts_with('/')) {
    // "//host/path" names another host.
    return to.starts_with("//") ? std::nullopt
                                : std::optional(std::string(origin) + std::string(to));
  }
  return origin_of(to) == origin ? std::optional(std::string(to)) : std::nullopt;
}

}  // namespace runner::forge
