// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runner/forge/app_credential.h"

namespace runner::forge {

using jobs::ErrorKind;
using jobs::fail;

namespace {

constexpr std::int64_t kBack = 60;
constexpr std::int64_t kAhead = 540;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

/// RFC 4648, 5, without padding.
std::string base64url(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) {
      out += kAlphabet[(bits >> static_cast<unsigned>(count - 6)) & 63U];
    }
  }
  if (count > 0) {
    out += kAlphabet[(bits << static_cast<unsigned>(6 - count)) & 63U];
  }
  return out;
}

/// Nobody is at the keyboard to type a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return 0;
}

jobs::Error bad_key() {
  return fail(ErrorKind::denied, "the App's private key is no RSA key in PEM without passphrase",
              "download a new one from the App's settings and name its file as key_file");
}

}  // namespace

jobs::Result<std::string> app_jwt(const std::string& id, const std::string& key_pem,
                                  jobs::TimePoint now) {
  const Bio source(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const Key key(source == nullptr
                    ? nullptr
                    : PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, nullptr));
  if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return bad_key();
  }
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const nlohmann::json claims = {{"iat", seconds - kBack}, {"exp", seconds + kAhead}, {"iss", id}};
  const std::string text =
      base64url(R"({"alg":"RS256","typ":"JWT"})") + "." +
      base64url(claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const Digest digest(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (digest == nullptr ||
      EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1) {
    return bad_key();
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) != 1) {
    return bad_key();
  }
  signature.resize(size);
  return text + "." + base64url(signature);
}

}  // namespace runner::forge
