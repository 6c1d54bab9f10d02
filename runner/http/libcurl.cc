#include "runner/http/libcurl.h"

#include <dlfcn.h>

#include <fmt/format.h>

namespace runner::http {

namespace {

constexpr const char* kFile = "libcurl.so.4";  // the ABI of the header that was compiled against

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

jobs::Error unusable(const std::string& why) {
  return jobs::fail(jobs::ErrorKind::transient, fmt::format("{} cannot be used: {}", kFile, why),
                    "install libcurl 7.85 or newer (Debian: libcurl4)");
}

jobs::Result<Libcurl> load() {
  // Never closed: its handles and threads may outlive whoever asked for it.
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return unusable(why == nullptr ? "it is not there" : why);
  }
  Libcurl curl;
  const bool whole = find(library, "curl_global_init", curl.global_init) &&
                     find(library, "curl_version_info", curl.version_info) &&
                     find(library, "curl_easy_init", curl.easy_init) &&
                     find(library, "curl_easy_setopt", curl.easy_setopt) &&
                     find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                     find(library, "curl_easy_strerror", curl.easy_strerror) &&
                     find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                     find(library, "curl_multi_init", curl.multi_init) &&
                     find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                     find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                     find(library, "curl_multi_perform", curl.multi_perform) &&
                     find(library, "curl_multi_poll", curl.multi_poll) &&
                     find(library, "curl_multi_info_read", curl.multi_info_read) &&
                     find(library, "curl_multi_strerror", curl.multi_strerror) &&
                     find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                     find(library, "curl_slist_append", curl.slist_append) &&
                     find(library, "curl_slist_free_all", curl.slist_free_all);
  if (!whole) {
    return unusable("it lacks a function");
  }
  if (const CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return unusable(curl.easy_strerror(code));
  }
  return curl;
}

}  // namespace

jobs::Result<const Libcurl*> libcurl() {
  static const jobs::Result<Libcurl> loaded = load();
  if (!loaded) {
    return loaded.error();
  }
  return &*loaded;
}

}  // namespace runner::http
