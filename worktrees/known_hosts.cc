#include "worktrees/known_hosts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/core.h>

#include "jobs/base/ascii.h"

namespace worktrees {

namespace {

/// The next word of a line, which is moved behind it.
std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(begin);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

/// '*' and '?' as the file understands them; both sides in lower case.
bool fits(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return std::ranges::all_of(pattern.substr(p), [](char c) { return c == '*'; });
}

/// "|1|salt|hash": HMAC-SHA1 of the name, keyed by the salt.
bool is_hash_of(std::string_view hashed, std::string_view name) {
  const std::size_t bar = hashed.find('|', 3);
  if (bar == std::string_view::npos) {
    return false;
  }
  const std::string salt = from_base64(hashed.substr(3, bar - 3));
  const std::string wanted = from_base64(hashed.substr(bar + 1));
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  if (salt.empty() || HMAC(EVP_sha1(), salt.data(), static_cast<int>(salt.size()),
                           reinterpret_cast<const unsigned char*>(name.data()), name.size(),
                           sum.data(), &length) == nullptr) {
    return false;
  }
  return wanted == std::string_view(reinterpret_cast<const char*>(sum.data()), length);
}

/// Whether the first word of a line means the host; a pattern with '!' that fits takes it out.
bool names_host(std::string_view patterns, const std::string& name) {
  bool named = false;
  while (!patterns.empty()) {
    const std::size_t comma = std::min(patterns.find(','), patterns.size());
    std::string_view pattern = patterns.substr(0, comma);
    patterns.remove_prefix(std::min(comma + 1, patterns.size()));
    const bool out = pattern.starts_with('!');
    pattern.remove_prefix(out ? 1 : 0);
    if (pattern.starts_with("|1|") ? is_hash_of(pattern, name)
                                   : fits(jobs::ascii_lower(pattern), name)) {
      if (out) {
        return false;
      }
      named = true;
    }
  }
  return named;
}

}  // namespace

std::string SshHost::pattern() const {
  return port == 22 ? jobs::ascii_lower(name)
                    : fmt::format("[{}]:{}", jobs::ascii_lower(name), port);
}

bool is_ssh(std::string_view url) {
  return !parse_ssh_remote(url).host.name.empty();
}

SshRemote parse_ssh_remote(std::string_view url) {
  SshRemote remote;
  const std::size_t scheme = url.find("://");
  std::string_view host;
  bool short_form = false;
  if (scheme == std::string_view::npos) {
    const std::size_t colon = url.find(':');
    if (colon == std::string_view::npos || url.find('/') < colon) {
      return remote;  // a path
    }
    host = url.substr(0, url.starts_with('[') ? url.find("]:") + 1 : colon);
    short_form = true;
  } else if (url.substr(0, scheme) == "ssh" || url.substr(0, scheme) == "git+ssh" ||
             url.substr(0, scheme) == "ssh+git") {
    host = url.substr(scheme + 3);
    host = host.substr(0, host.find('/'));
  } else {
    return remote;
  }
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    remote.user = host.substr(0, at);
    host.remove_prefix(at + 1);
  }
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = std::min(host.find(']'), host.size());
    port = host.substr(std::min(end + 1, host.size()));
    host = host.substr(1, end - 1);
  } else if (!short_form) {
    port = host.substr(std::min(host.find(':'), host.size()));
    host = host.substr(0, host.find(':'));
  }
  if (port.starts_with(':')) {
    int number = 0;
    const auto parsed = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    remote.host.port = parsed.ec == std::errc() && number > 0 && number < 65536 ? number : 22;
  }
  remote.host.name = host;
  return remote;
}

HostKeyVerdict judge_host_key(std::string_view known_hosts, const SshHost& host,
                              std::string_view key) {
  HostKeyVerdict verdict;
  const std::string name = host.pattern();
  const std::string type = key_type(key);
  while (!known_hosts.empty()) {
    const std::size_t end = std::min(known_hosts.find('\n'), known_hosts.size());
    std::string_view line = known_hosts.substr(0, end);
    known_hosts.remove_prefix(std::min(end + 1, known_hosts.size()));
    while (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    std::string_view patterns = next_word(line);
    if (patterns.empty() || patterns.starts_with('#') || patterns == "@cert-authority") {
      continue;
    }
    const bool revoked = patterns == "@revoked";
    if (revoked) {
      patterns = next_word(line);
    } else if (patterns.starts_with('@')) {
      continue;  // A mark that we do not know says nothing in anybody's favour.
    }
    next_word(line);  // Its type stands in the key, too.
    const std::string pinned = from_base64(next_word(line));
    if (key_type(pinned).empty() || !names_host(patterns, name)) {
      continue;
    }
    if (revoked) {
      if (pinned == key) {
        return {.trust = HostKeyTrust::revoked, .known = {}};
      }
      continue;
    }
    verdict.known.push_back(fmt::format("{} {}", key_type(pinned), fingerprint(pinned)));
    if (type.empty() || key_type(pinned) != type || verdict.trust == HostKeyTrust::pinned) {
      continue;
    }
    verdict.trust = pinned == key ? HostKeyTrust::pinned : HostKeyTrust::changed;
  }
  return verdict;
}

std::string key_type(std::string_view key) {
  if (key.size() < 4) {
    return {};
  }
  std::size_t length = 0;
  for (const char byte : key.substr(0, 4)) {
    length = length << 8U | static_cast<unsigned char>(byte);
  }
  const std::string_view type = key.substr(4, length);
  const bool good = length > 0 && length <= 64 && type.size() == length &&
                    std::ranges::all_of(type, [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '@' || c == '.';
                    });
  return good ? std::string(type) : std::string();
}

std::string fingerprint(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  EVP_Digest(key.data(), key.size(), sum.data(), &length, EVP_sha256(), nullptr);
  std::string text = base64({reinterpret_cast<const char*>(sum.data()), length});
  return "SHA256:" + text.substr(0, text.find('='));
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > (1U << 20U)) {
    return {};
  }
  std::string out(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) {
    return {};
  }
  const auto padding = static_cast<std::size_t>(text.ends_with("==") ? 2 : text.ends_with('='));
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

}  // namespace worktrees
