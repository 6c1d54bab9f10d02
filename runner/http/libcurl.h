#pragma once

#include <curl/curl.h>

#include "jobs/base/result.h"

/// libcurl, loaded when the first request is made. It brings twenty libraries with it, and loading
/// them took nearly half of the time in which a tick, or the supervisor of a turn, starts; most of
/// them never send a request.
namespace runner::http {

/// The functions that are used here, under their names without `curl_`.
struct Libcurl {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_version_info) version_info = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_multi_init) multi_init = nullptr;
  decltype(&curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&curl_multi_perform) multi_perform = nullptr;
  decltype(&curl_multi_poll) multi_poll = nullptr;
  decltype(&curl_multi_info_read) multi_info_read = nullptr;
  decltype(&curl_multi_strerror) multi_strerror = nullptr;
  decltype(&curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// Loads and initialises it once; valid until the program ends. May be called from any thread.
/// transient: it is not installed, is another one, or cannot be initialised.
[[nodiscard]] jobs::Result<const Libcurl*> libcurl();

}  // namespace runner::http
