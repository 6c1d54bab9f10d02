#include "runner/http/client.h"

#include <map>
#include <mutex>

#include <fmt/format.h>

#include "jobs/base/text.h"
#include "runner/http/libcurl.h"
#include "runner/http/transfer.h"

namespace runner::http {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::size_t kMostAtOnce = 8;
constexpr int kLongestPoll = 1000;  // ms; libcurl wakes earlier for what is due

using MultiPtr = std::unique_ptr<CURLM, decltype(Libcurl::multi_cleanup)>;

/// The requests of one call. What keeps connections is lent by the client.
class Exchange {
 public:
  Exchange(const Libcurl& library, CURLM* multi, std::span<const Request> requests)
      : library_(library), multi_(multi), requests_(requests), results_(requests.size()) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() {
    for (const auto& [handle, each] : on_their_way_) {
      library_.multi_remove_handle(multi_, handle);
    }
  }

  std::vector<jobs::Result<Answer>> run() {
    int unused = 0;
    for (;;) {
      while (next_ < requests_.size() && on_their_way_.size() < kMostAtOnce) {
        start(next_++);
      }
      if (on_their_way_.empty()) {
        break;
      }
      CURLMcode code = library_.multi_perform(multi_, &unused);
      if (collect() == 0 && code == CURLM_OK) {
        code = library_.multi_poll(multi_, nullptr, 0, kLongestPoll, nullptr);
      }
      if (code != CURLM_OK) {
        give_up(library_.multi_strerror(code));
      }
    }
    std::vector<jobs::Result<Answer>> results;
    for (auto& result : results_) {
      results.push_back(*std::move(result));
    }
    return results;
  }

 private:
  struct Running {
    std::size_t index = 0;
    std::unique_ptr<Transfer> transfer;
  };

  void start(std::size_t index) {
    auto transfer = Transfer::make(library_, requests_[index]);
    if (!transfer) {
      results_[index] = std::move(transfer).error();
      return;
    }
    CURL* handle = (*transfer)->handle();
    if (const CURLMcode code = library_.multi_add_handle(multi_, handle); code != CURLM_OK) {
      results_[index] = fail(ErrorKind::transient, library_.multi_strerror(code));
      return;
    }
    on_their_way_.emplace(handle, Running{index, *std::move(transfer)});
  }

  std::size_t collect() {
    std::size_t ended = 0;
    int left = 0;
    while (CURLMsg* message = library_.multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      const CURLcode code = message->data.result;
      const auto at = on_their_way_.find(message->easy_handle);
      library_.multi_remove_handle(multi_, at->first);
      results_[at->second.index] = at->second.transfer->result(code);
      on_their_way_.erase(at);
      ++ended;
    }
    return ended;
  }

  /// libcurl itself failed: nothing more is to be had from it.
  void give_up(const char* why) {
    for (auto& [handle, each] : on_their_way_) {
      library_.multi_remove_handle(multi_, handle);
      results_[each.index] = fail(ErrorKind::transient, fmt::format("libcurl: {}", why));
    }
    on_their_way_.clear();
    for (; next_ < requests_.size(); ++next_) {
      results_[next_] = fail(ErrorKind::transient, fmt::format("libcurl: {}", why));
    }
  }

  const Libcurl& library_;
  CURLM* multi_;
  std::span<const Request> requests_;
  std::vector<std::optional<jobs::Result<Answer>>> results_;
  std::map<CURL*, Running> on_their_way_;
  std::size_t next_ = 0;
};

class CurlClient final : public Client {
 public:
  std::vector<jobs::Result<Answer>> send_all(std::span<const Request> requests) override {
    const auto library = libcurl();
    if (!library) {
      return std::vector<jobs::Result<Answer>>(requests.size(), library.error());
    }
    MultiPtr multi = borrow(**library);
    if (multi == nullptr) {
      return std::vector<jobs::Result<Answer>>(
          requests.size(), fail(ErrorKind::transient, "libcurl gave no handle"));
    }
    auto results = Exchange(**library, multi.get(), requests).run();
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(multi));
    return results;
  }

 private:
  /// One that another call has used before, with its connections, if there is one idle.
  MultiPtr borrow(const Libcurl& library) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      return {library.multi_init(), library.multi_cleanup};
    }
    MultiPtr multi = std::move(idle_.back());
    idle_.pop_back();
    return multi;
  }

  std::mutex mutex_;
  std::vector<MultiPtr> idle_;
};

}  // namespace

jobs::Result<Answer> Client::send(const Request& request) {
  return std::move(send_all({&request, 1}).front());
}

std::unique_ptr<Client> make_client() {
  return std::make_unique<CurlClient>();
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
