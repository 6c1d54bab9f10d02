#include "runner/http/client.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/http/libcurl.h"

namespace runner::http {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::size_t kMaxHeaders = 200;
constexpr std::size_t kMaxHeaderLine = 8192;
constexpr std::size_t kShownBody = 200;
constexpr jobs::Duration kLongestWait = std::chrono::hours(24);
constexpr jobs::Duration kUnknownWait = std::chrono::minutes(1);

using CurlPtr = std::unique_ptr<CURL, decltype(Libcurl::easy_cleanup)>;
using ListPtr = std::unique_ptr<curl_slist, decltype(Libcurl::slist_free_all)>;

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

/// The three forms that a recipient has to read (RFC 9110, 5.6.7), at most in the year 9999.
std::optional<jobs::TimePoint> parse_http_date(const std::string& text) {
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), form, &parts);
    if (end == text.c_str() + text.size()) {
      return jobs::TimePoint(std::chrono::seconds(::timegm(&parts)));
    }
  }
  return std::nullopt;
}

class CurlClient final : public Client {
 public:
  jobs::Result<Answer> send(const Request& request) override {
    RUNNER_ASSIGN(const Libcurl* library, libcurl());
    // A handle for each request: nothing of one (cookies, credentials) reaches the next.
    const CurlPtr curl(library->easy_init(), library->easy_cleanup);
    if (curl == nullptr) {
      return fail(ErrorKind::transient, "libcurl gave no handle");
    }
    RUNNER_ASSIGN(const ListPtr headers, header_list(*library, request));
    Receiver receiver;
    receiver.max_answer = request.max_answer;
    set_up(*library, curl.get(), request, headers.get(), receiver);
    const CURLcode code = library->easy_perform(curl.get());
    if (code != CURLE_OK) {
      const std::string why =
          receiver.too_large ? fmt::format("the answer is longer than {} bytes", request.max_answer)
                             : std::string(library->easy_strerror(code));
      return fail(kind_of(code),
                  fmt::format("{} {}: {}", request.method, shown_url(request.url), why));
    }
    library->easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &receiver.answer.status);
    return std::move(receiver.answer);
  }

 private:
  static jobs::Result<ListPtr> header_list(const Libcurl& library, const Request& request) {
    std::vector<std::string> lines;
    for (const auto& [name, value] : request.headers) {
      lines.push_back(fmt::format("{}: {}", name, value));
    }
    if (!request.bearer.empty()) {
      lines.push_back("Authorization: Bearer " + request.bearer);
    }
    lines.emplace_back("Expect:");  // No extra round trip before a body.
    ListPtr list(nullptr, library.slist_free_all);
    for (const std::string& line : lines) {
      if (!is_header_text(line)) {
        return fail(ErrorKind::usage,
                    fmt::format("a header of the request to {} holds a control character",
                                shown_url(request.url)),
                    "a token read from a file must be one line");
      }
      curl_slist* longer = library.slist_append(list.get(), line.c_str());
      if (longer == nullptr) {
        return fail(ErrorKind::transient, "out of memory");
      }
      static_cast<void>(list.release());
      list.reset(longer);
    }
    return list;
  }

  static void set_up(const Libcurl& library, CURL* curl, const Request& request,
                     curl_slist* headers, Receiver& receiver) {
    const auto set = library.easy_setopt;
    set(curl, CURLOPT_URL, request.url.c_str());
    set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    set(curl, CURLOPT_FOLLOWLOCATION, 0L);
    set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(curl, CURLOPT_NOSIGNAL, 1L);
    set(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(request.connect_timeout));
    set(curl, CURLOPT_TIMEOUT_MS, millis(request.timeout));
    set(curl, CURLOPT_USERAGENT, "runner");
    set(curl, CURLOPT_HTTPHEADER, headers);
    set(curl, CURLOPT_WRITEFUNCTION, &on_body);
    set(curl, CURLOPT_WRITEDATA, &receiver);
    set(curl, CURLOPT_HEADERFUNCTION, &on_header);
    set(curl, CURLOPT_HEADERDATA, &receiver);
    if (request.method != "GET") {
      set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(curl, CURLOPT_POSTFIELDS, request.body.c_str());
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
    const auto until = parse_http_date(value);
    if (!until) {
      return std::nullopt;
    }
    wait = std::max(*until - now, jobs::Duration::zero());
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
