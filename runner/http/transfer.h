#pragma once

#include <memory>
#include <string>

#include "runner/http/client.h"
#include "runner/http/libcurl.h"

namespace runner::http {

/// One request on its way: a handle of its own, so that nothing of one request (cookies,
/// credentials) reaches the next. Stays where it is while libcurl works on it.
class Transfer {
 public:
  /// `request` must outlive the transfer. usage: a header with a line break.
  [[nodiscard]] static jobs::Result<std::unique_ptr<Transfer>> make(const Libcurl& library,
                                                                    const Request& request);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] CURL* handle() const { return curl_.get(); }
  /// What came of it, once libcurl has said `code`. To be asked once.
  [[nodiscard]] jobs::Result<Answer> result(CURLcode code);

 private:
  using CurlPtr = std::unique_ptr<CURL, decltype(Libcurl::easy_cleanup)>;
  using ListPtr = std::unique_ptr<curl_slist, decltype(Libcurl::slist_free_all)>;

  Transfer(const Libcurl& library, const Request& request);
  [[nodiscard]] jobs::Status make_headers();
  void set_up();
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  /// False ends the transfer.
  bool take(std::string_view bytes);

  const Libcurl& library_;
  const Request& request_;
  ListPtr headers_;
  CurlPtr curl_;  ///< given back before its headers
  Answer answer_;
  std::size_t taken_ = 0;  ///< bytes of the body
  bool too_large_ = false;
  jobs::Status received_;  ///< what `Request::receive` said last
};

}  // namespace runner::http
