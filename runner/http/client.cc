#include "runner/http/client.h"

#include <algorithm>
#include <charconv>

#include <curl/curl.h>
#include <fmt/format.h>

#include "jobs/base/text.h"

namespace runner::http {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::size_t kMaxHeaders = 200;
constexpr std::size_t kMaxHeaderLine = 8192;
constexpr std::size_t kShownBody = 200;
constexpr jobs::Duration kLongestWait = std::chrono::hours(24);
constexpr jobs::Duration kUnknownWait = std::chrono::minutes(1);

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlPtr = std::unique_ptr<CURL, CurlDeleter>;
using ListPtr = std::unique_ptr<curl_slist, ListDeleter>;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// What the callbacks fill.
struct Receiver {
  Answer answer;
  std::size_t max_answer = 0;
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::size_t bytes = size * count;
  if (bytes > receiver.max_answer - receiver.answer.body.size()) {
    receiver.too_large = true;
    return 0;
  }
  receiver.answer.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& receiver = *static_cast<Receiver*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    receiver.answer.headers.clear();  // An interim answer (100 Continue) came before the real one.
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && receiver.answer.headers.size() < kMaxHeaders &&
      line.size() < kMaxHeaderLine) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), lower);
    receiver.answer.headers.emplace_back(std::move(name),
                                         std::string(jobs::trimmed(line.substr(colon + 1))));
  }
  return size * count;
}

/// No line break and no other control character: a header must not become two.
bool is_header_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

ErrorKind kind_of(CURLcode code) {
  switch (static_cast<int>(code)) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return ErrorKind::usage;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return ErrorKind::denied;
    default: return ErrorKind::transient;
  }
}

long millis(jobs::Duration duration) {
  return static_cast<long>(std::max<std::int64_t>(1, duration.count()));
}

class CurlClient final : public Client {
 public:
  jobs::Result<Answer> send(const Request& request) override {
    // A handle for each request: nothing of one (cookies, credentials) reaches the next.
    const CurlPtr curl(curl_easy_init());
    if (curl == nullptr) {
      return fail(ErrorKind::transient, "libcurl gave no handle");
    }
    RUNNER_ASSIGN(const ListPtr headers, header_list(request));
    Receiver receiver;
    receiver.max_answer = request.max_answer;
    set_up(curl.get(), request, headers.get(), receiver);
    const CURLcode code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) {
      const std::string why =
          receiver.too_large ? fmt::format("the answer is longer than {} bytes", request.max_answer)
                             : std::string(curl_easy_strerror(code));
      return fail(kind_of(code),
                  fmt::format("{} {}: {}", request.method, shown_url(request.url), why));
    }
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &receiver.answer.status);
    return std::move(receiver.answer);
  }

 private:
  static jobs::Result<ListPtr> header_list(const Request& request) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : request.headers) {
      lines.push_back(fmt::format("{}: {}", name, value));
    }
    if (!request.bearer.empty()) {
      lines.push_back("Authorization: Bearer " + request.bearer);
    }
    lines.emplace_back("Expect:");  // No extra round trip before a body.
    ListPtr list;
    for (const std::string& line : lines) {
      if (!is_header_text(line)) {
        return fail(ErrorKind::usage,
                    fmt::format("a header of the request to {} holds a control character",
                                shown_url(request.url)),
                    "a token read from a file must be one line");
      }
      curl_slist* longer = curl_slist_append(list.get(), line.c_str());
      if (longer == nullptr) {
        return fail(ErrorKind::transient, "out of memory");
      }
      static_cast<void>(list.release());
      list.reset(longer);
    }
    return list;
  }

  static void set_up(CURL* curl, const Request& request, curl_slist* headers, Receiver& receiver) {
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(request.connect_timeout));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, millis(request.timeout));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "runner");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receiver);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &receiver);
    if (request.method != "GET") {
      curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    }
  }
};

}  // namespace

std::optional<std::string> Answer::header(const std::string& lower_case_name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return header.first == lower_case_name; });
  return found == headers.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Client> make_client() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);  // If it failed, no handle can be made, and that is reported.
  return std::make_unique<CurlClient>();
}

std::optional<jobs::TimePoint> parse_retry_after(std::string_view text, jobs::TimePoint now) {
  const std::string value(jobs::trimmed(text));
  jobs::Duration wait{};
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc() && end == value.data() + value.size() && seconds >= 0) {
    wait = std::chrono::seconds(std::min<std::int64_t>(seconds, 86'400));
  } else {
    const time_t date = value.size() < 64 ? curl_getdate(value.c_str(), nullptr) : -1;
    if (date < 0) {
      return std::nullopt;
    }
    // In seconds first: the year 999999999 is a date to curl, and too many milliseconds to count.
    const std::chrono::sys_seconds until{std::chrono::seconds(date)};
    wait = until > std::chrono::ceil<std::chrono::seconds>(now) + kLongestWait
               ? kLongestWait
               : std::max(jobs::TimePoint(until) - now, jobs::Duration::zero());
  }
  return now + std::min(wait, kLongestWait);
}

std::optional<jobs::Error> error_of(const Answer& answer, jobs::TimePoint now) {
  if (answer.status >= 100 && answer.status < 300) {
    return std::nullopt;
  }
  const std::string said = jobs::one_line(answer.body, kShownBody);
  const std::string what =
      fmt::format("the server answered {}{}{}", answer.status, said.empty() ? "" : ": ", said);
  switch (answer.status) {
    case 401:
    case 403: return fail(ErrorKind::denied, what, "check the token and what it may do");
    case 404:
    case 410: return fail(ErrorKind::not_found, what, "check the URL");
    case 408: return fail(ErrorKind::transient, what);
    case 409: return fail(ErrorKind::conflict, what);
    case 429: {
      jobs::Error error = fail(ErrorKind::rate_limited, what);
      error.until = parse_retry_after(answer.header("retry-after").value_or(""), now)
                        .value_or(now + kUnknownWait);
      return error;
    }
    default: break;
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fail(
        ErrorKind::denied,
        fmt::format("the server answered {}, a redirect, which is not followed", answer.status),
        "write the final URL into the manifest");
  }
  if (answer.status >= 400 && answer.status < 500) {
    return fail(ErrorKind::denied, what);
  }
  return fail(ErrorKind::transient, what);
}

std::string shown_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t host = scheme + 3;
    const std::string_view authority = url.substr(host, url.find('/', host) - host);
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
      return jobs::one_line(std::string(url.substr(0, host)) +
                            std::string(url.substr(host + at + 1)));
    }
  }
  return jobs::one_line(url);
}

}  // namespace runner::http
