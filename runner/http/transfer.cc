#include "runner/http/transfer.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "jobs/base/ascii.h"
#include "jobs/base/text.h"

namespace runner::http {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::size_t kMaxHeaders = 200;
constexpr std::size_t kMaxHeaderLine = 8192;

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

}  // namespace

jobs::Result<std::unique_ptr<Transfer>> Transfer::make(const Libcurl& library,
                                                       const Request& request) {
  std::unique_ptr<Transfer> transfer(new Transfer(library, request));
  if (transfer->curl_ == nullptr) {
    return fail(ErrorKind::transient, "libcurl gave no handle");
  }
  RUNNER_TRY(transfer->make_headers());
  transfer->set_up();
  return transfer;
}

Transfer::Transfer(const Libcurl& library, const Request& request)
    : library_(library),
      request_(request),
      headers_(nullptr, library.slist_free_all),
      curl_(library.easy_init(), library.easy_cleanup) {}

jobs::Status Transfer::make_headers() {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request_.headers) {
    lines.push_back(fmt::format("{}: {}", name, value));
  }
  if (!request_.bearer.empty()) {
    lines.push_back("Authorization: Bearer " + request_.bearer);
  }
  lines.emplace_back("Expect:");  // No extra round trip before a body.
  for (const std::string& line : lines) {
    if (!is_header_text(line)) {
      return fail(ErrorKind::usage,
                  fmt::format("a header of the request to {} holds a control character",
                              shown_url(request_.url)),
                  "a token read from a file must be one line");
    }
    curl_slist* longer = library_.slist_append(headers_.get(), line.c_str());
    if (longer == nullptr) {
      return fail(ErrorKind::transient, "out of memory");
    }
    static_cast<void>(headers_.release());
    headers_.reset(longer);
  }
  return jobs::ok();
}

void Transfer::set_up() {
  const auto set = library_.easy_setopt;
  CURL* curl = curl_.get();
  set(curl, CURLOPT_PRIVATE, this);
  set(curl, CURLOPT_URL, request_.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
  set(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  set(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(request_.connect_timeout));
  set(curl, CURLOPT_TIMEOUT_MS, millis(request_.timeout));
  if (request_.patience > jobs::Duration::zero()) {
    set(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(curl, CURLOPT_LOW_SPEED_TIME, std::max(1L, millis(request_.patience) / 1000));
  }
  set(curl, CURLOPT_FRESH_CONNECT, request_.repeatable ? 0L : 1L);
  set(curl, CURLOPT_USERAGENT, "runner");
  set(curl, CURLOPT_HTTPHEADER, headers_.get());
  if (request_.basic) {
    set(curl, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(curl, CURLOPT_USERNAME, request_.basic->first.c_str());
    set(curl, CURLOPT_PASSWORD, request_.basic->second.c_str());
  }
  set(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(curl, CURLOPT_WRITEDATA, this);
  set(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(curl, CURLOPT_HEADERDATA, this);
  if (request_.method != "GET") {
    set(curl, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(curl, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
}

bool Transfer::take(std::string_view bytes) {
  if (bytes.size() > request_.max_answer - taken_) {
    too_large_ = true;
    return false;
  }
  taken_ += bytes.size();
  long status = 0;
  library_.easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (request_.receive && status < 300) {
    received_ = request_.receive(bytes);
    return bool(received_);
  }
  answer_.body.append(bytes);
  return true;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->take({data, size * count}) ? size * count : 0;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Answer& answer = static_cast<Transfer*>(self)->answer_;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    answer.headers.clear();  // An interim answer (100 Continue) came before the real one.
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && answer.headers.size() < kMaxHeaders &&
      line.size() < kMaxHeaderLine) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), jobs::to_ascii_lower);
    answer.headers.emplace_back(std::move(name),
                                std::string(jobs::trimmed(line.substr(colon + 1))));
  }
  return size * count;
}

jobs::Result<Answer> Transfer::result(CURLcode code) {
  if (!received_) {
    return std::move(received_).error();
  }
  if (code != CURLE_OK) {
    const std::string why =
        too_large_ ? fmt::format("the answer is longer than {} bytes", request_.max_answer)
                   : std::string(library_.easy_strerror(code));
    return fail(kind_of(code),
                fmt::format("{} {}: {}", request_.method, shown_url(request_.url), why));
  }
  library_.easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &answer_.status);
  return std::move(answer_);
}

}  // namespace runner::http
