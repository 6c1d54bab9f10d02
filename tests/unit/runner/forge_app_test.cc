// A GitHub App: its signature, and the token of its installation.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "jobs/base/time.h"
#include "runner/forge/app_credential.h"
#include "tests/fakes/stepped_clock.h"

namespace runner::forge {
namespace {

using jobs::ErrorKind;
using Json = nlohmann::json;

const jobs::TimePoint kSigned{std::chrono::seconds(1'790'000'000)};

EVP_PKEY* rsa_key() {
  static EVP_PKEY* key = EVP_RSA_gen(2048);
  return key;
}

std::string pem_of(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

std::string decoded(std::string text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    bits = bits << 6U | static_cast<unsigned>(kAlphabet.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> static_cast<unsigned>(count) & 255U);
    }
  }
  return out;
}

class FakeClient final : public http::Client {
 public:
  std::vector<jobs::Result<http::Answer>> send_all(
      std::span<const http::Request> requests) override {
    std::vector<jobs::Result<http::Answer>> answers;
    for (const http::Request& request : requests) {
      sent.push_back(request);
      answers.push_back(answer(request));
    }
    return answers;
  }
  std::function<http::Answer(const http::Request&)> answer;
  std::vector<http::Request> sent;
};

class App : public testing::Test {
 protected:
  App() {
    client.answer = [this](const http::Request& request) -> http::Answer {
      if (request.url.ends_with("/installation")) {
        return {.status = 200, .body = R"({"id":77,"app_slug":"my-runner"})", .headers = {}};
      }
      return {.status = 201,
              .body = fmt::format(R"({{"token":"ghs_{}","expires_at":"{}"}})", ++tokens,
                                  jobs::format_time(clock.now() + std::chrono::hours(1))),
              .headers = {}};
    };
  }
  std::unique_ptr<Credential> make(std::set<std::string> repositories,
                                   std::int64_t installation = 0) {
    return make_app_credential(
        {.id = "12345",
         .installation = installation,
         .key = {.source = jobs::SecretRef::Source::env, .name = "KEY"}},
        github_api_options("https://api.github.com"),
        {client, traffic, [this](const std::string&) { return std::optional(key); },
         std::move(repositories)});
  }

  std::string key = pem_of(rsa_key());
  fakes::SteppedClock clock{kSigned};
  FakeClient client;
  Traffic traffic{clock, [this](jobs::Duration wait) { clock.sleep(wait); }};
  int tokens = 0;
};

TEST_F(App, SignsWithRs256AndForLessThanTenMinutes) {
  const auto jwt = app_jwt("12345", key, kSigned);
  ASSERT_TRUE(jwt) << jwt.error().text();
  const std::size_t first = jwt->find('.');
  const std::size_t second = jwt->rfind('.');
  EXPECT_EQ(Json::parse(decoded(jwt->substr(0, first))).at("alg"), "RS256");
  const Json claims = Json::parse(decoded(jwt->substr(first + 1, second - first - 1)));
  EXPECT_EQ(claims.at("iss"), "12345");
  EXPECT_EQ(claims.at("iat"), 1'790'000'000 - 60);
  EXPECT_LE(claims.at("exp").get<std::int64_t>(), 1'790'000'000 + 600);
  const std::string signature = decoded(jwt->substr(second + 1));
  EVP_MD_CTX* verifier = EVP_MD_CTX_new();
  ASSERT_EQ(EVP_DigestVerifyInit(verifier, nullptr, EVP_sha256(), nullptr, rsa_key()), 1);
  EXPECT_EQ(EVP_DigestVerify(verifier, reinterpret_cast<const unsigned char*>(signature.data()),
                             signature.size(), reinterpret_cast<const unsigned char*>(jwt->data()),
                             second),
            1);
  EVP_MD_CTX_free(verifier);
}

TEST_F(App, Invariant12_AKeyThatIsNoneIsDeniedAndNotShown) {
  for (const std::string& bad : {std::string("-----BEGIN secretstuff"), std::string()}) {
    const auto jwt = app_jwt("1", bad, kSigned);
    ASSERT_FALSE(jwt);
    EXPECT_EQ(jwt.error().kind, ErrorKind::denied);
    EXPECT_EQ(jwt.error().text().find("secretstuff"), std::string::npos);
  }
}

TEST_F(App, LooksItsInstallationUpAndNarrowsTheToken) {
  const auto credential = make({"acme/lib", "acme/shop"});
  const auto token = credential->token();
  ASSERT_TRUE(token) << token.error().text();
  EXPECT_EQ(*token, "ghs_1");
  ASSERT_EQ(client.sent.size(), 2U);
  EXPECT_EQ(client.sent[0].url, "https://api.github.com/repos/acme/lib/installation");
  EXPECT_EQ(client.sent[1].url, "https://api.github.com/app/installations/77/access_tokens");
  EXPECT_EQ(Json::parse(client.sent[1].body), (Json{{"repositories", {"lib", "shop"}}}));
  EXPECT_NE(client.sent[1].bearer, "");
}

TEST_F(App, KeepsTheTokenAndMakesANewOneBeforeItEnds) {
  const auto credential = make({"acme/lib"}, 77);
  EXPECT_EQ(*credential->token(), "ghs_1");
  clock.sleep(std::chrono::minutes(54));
  EXPECT_EQ(*credential->token(), "ghs_1");
  const auto digest = *credential->digest();
  clock.sleep(std::chrono::minutes(2));
  EXPECT_EQ(*credential->token(), "ghs_2");
  EXPECT_EQ(*credential->digest(), digest) << "what is kept stays good";
  EXPECT_EQ(client.sent.size(), 2U);
}

TEST_F(App, SeveralOwnersNeedSeveralTrackers) {
  const auto token = make({"acme/lib", "other/x"})->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorKind::usage);
  EXPECT_TRUE(client.sent.empty());
}

TEST_F(App, AnAppThatIsNotInstalledIsToldSo) {
  client.answer = [](const http::Request&) -> http::Answer {
    return {.status = 404, .body = R"({"message":"Not Found"})", .headers = {}};
  };
  const auto token = make({"acme/lib"})->token();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorKind::denied);
  EXPECT_NE(token.error().text().find("install it"), std::string::npos) << token.error().text();
}

}  // namespace
}  // namespace runner::forge
