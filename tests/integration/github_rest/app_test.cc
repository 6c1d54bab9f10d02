// What a GitHub App asks for before it can ask for anything else. The double knows no Apps.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <gtest/gtest.h>

#include "jobs/base/time.h"
#include "runner/forge/app_credential.h"
#include "runner/forge/http_api.h"
#include "tests/fakes/stepped_clock.h"
#include "tests/integration/github_rest/description.h"

namespace github_rest {
namespace {

namespace forge = runner::forge;
namespace http = runner::http;
using Json = nlohmann::json;

constexpr const char* kRoot = "https://api.github.com";

std::string new_key() {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  EVP_PKEY_free(key);
  return text;
}

/// Answers with what the description requires of a token, and of an installation with its id only:
/// the rest of it is nothing that we read.
class Client final : public http::Client {
 public:
  std::vector<jobs::Result<http::Answer>> send_all(
      std::span<const http::Request> requests) override {
    std::vector<jobs::Result<http::Answer>> answers;
    for (const http::Request& request : requests) {
      const std::string target = request.url.substr(std::string(kRoot).size());
      const bool token = target.ends_with("/access_tokens");
      const std::string body =
          token ? R"({"token":"ghs_1","expires_at":"2026-11-20T09:00:00Z"})" : R"({"id":77})";
      const int status = token ? 201 : 200;
      cases.push_back(one_case(request.method, target, request.body, token ? status : 0, body));
      answers.push_back(http::Answer{.status = status, .body = body, .headers = {}});
    }
    return answers;
  }
  Json cases = Json::array();
};

TEST(GithubRestApp, AsksForItsToken) {
  const Description description;
  if (!description.missing().empty()) {
    GTEST_SKIP() << description.missing();
  }
  fakes::SteppedClock clock(*jobs::parse_time("2026-11-20T08:00:00Z"));
  forge::Traffic traffic(clock, [&](jobs::Duration wait) { clock.sleep(wait); });
  Client client;
  const std::string key = new_key();
  const auto credential = forge::make_app_credential(
      {.id = "12345",
       .installation = 0,
       .key = {.source = jobs::SecretRef::Source::env, .name = "KEY"}},
      forge::github_api_options(kRoot),
      {client, traffic, [&](const std::string&) { return std::optional(key); }, {"acme/shop"}});
  const auto token = credential->token();
  ASSERT_TRUE(token) << token.error().text();
  EXPECT_EQ(*token, "ghs_1");
  EXPECT_EQ(client.cases.size(), 2U);
  EXPECT_EQ(description.check(client.cases), "exit 0\n");
}

}  // namespace
}  // namespace github_rest
