#include <string_view>

#include "runner/forge/address.h"
#include "runner/forge/http_api.h"

namespace runner::forge {

ApiOptions github_api_options(const std::string& url) {
  constexpr std::string_view kEnterprise = "/api/v3";
  ApiOptions options;
  options.accept = "application/vnd.github+json";
  options.headers = {{"X-GitHub-Api-Version", "2022-11-28"}};
  options.root = url;
  if (url.ends_with(kEnterprise)) {
    options.graphql = url.substr(0, url.size() - kEnterprise.size()) + "/api/graphql";
  } else if (origin_of(url) == url && host_of(url) == "github.com") {
    options.root = "https://api.github.com";
    options.graphql = options.root + "/graphql";
  } else {
    options.graphql = url + "/graphql";
  }
  return options;
}

}  // namespace runner::forge
