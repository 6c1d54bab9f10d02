#include "tests/stub/message.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace stub {

namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

void parse_query(std::string_view text, std::map<std::string, std::string>& query) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    query[percent_decoded(pair.substr(0, equals))] =
        equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1));
  }
}

int value_of(char c) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::optional<std::string> header(const Headers& headers, std::string_view name) {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& each) { return same_name(each.first, name); });
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

Answer plain(int status, const std::string& text) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = text};
}

Answer json_answer(int status, const std::string& json) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json; charset=utf-8"}},
          .body = json};
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 409: return "Conflict";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

std::string head_of(const Answer& answer, std::optional<std::size_t> pretended) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", answer.status, reason_of(answer.status));
  for (const auto& [name, value] : answer.headers) {
    out += fmt::format("{}: {}\r\n", name, value);
  }
  if (answer.status != 204 && answer.status != 304) {
    out += fmt::format("Content-Length: {}\r\n", pretended.value_or(answer.body.size()));
  }
  return out + "\r\n";
}

std::optional<Request> parse_head(std::string_view head) {
  Request request;
  const std::string_view first = head.substr(0, head.find("\r\n"));
  const std::size_t space = first.find(' ');
  const std::size_t last = first.rfind(' ');
  if (space == std::string_view::npos || last <= space) {
    return std::nullopt;
  }
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, last - space - 1);
  const std::size_t mark = request.target.find('?');
  request.path = percent_decoded(std::string_view(request.target).substr(0, mark));
  if (mark != std::string::npos) {
    parse_query(std::string_view(request.target).substr(mark + 1), request.query);
  }
  head.remove_prefix(std::min(head.size(), first.size() + 2));
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (line.empty()) {
      break;
    }
    if (colon == std::string_view::npos) {
      return std::nullopt;
    }
    request.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return request;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
            text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string basic_credential(const std::string& authorization) {
  constexpr std::string_view kBasic = "Basic ";
  if (!same_name(std::string_view(authorization).substr(0, kBasic.size()), kBasic)) {
    return {};
  }
  std::string out;
  unsigned bits = 0;
  int have = 0;
  for (const char c : std::string_view(authorization).substr(kBasic.size())) {
    const int value = value_of(c);
    if (value < 0) {
      break;
    }
    bits = (bits << 6U) | static_cast<unsigned>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>((bits >> static_cast<unsigned>(have)) & 0xFFU);
    }
  }
  return out;
}

}  // namespace stub
