// Who the runner is to a web server: right, wrong, expired, not at all; and where the secret goes.
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/git_credentials.h"
#include "tests/integration/worktrees/served_remote.h"
#include "worktrees/known_hosts.h"

namespace worktrees::test {
namespace {

using jobs::ErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = jobs::LandResult::Kind;

class ServedHttp : public ServedRemote, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    Playground::SetUp();
    serve(GetParam() ? Way::http : Way::http_libgit2);
  }
};

INSTANTIATE_TEST_SUITE_P(By, ServedHttp, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "Web" : "Libgit2"; });

TEST_P(ServedHttp, AWrongPasswordIsDeniedAndTheErrorSaysWhereItLies) {
  secret = "an0ther-0ne";
  for (const jobs::Error& error : {base_error(), prepare_error()}) {
    EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
    EXPECT_THAT(error.message, HasSubstr("(user runner, variable SHOP_TOKEN)"));
    EXPECT_THAT(error.hint, HasSubstr("wrong or has expired"));
    EXPECT_THAT(error.text(), Not(HasSubstr(secret)));
  }
  secret = kSecret;
  EXPECT_EQ(workspace->remote_base(repo).value().str(), remote_head());
}

TEST_P(ServedHttp, NoCredentialIsDeniedAndTheErrorNamesTheKeys) {
  secret.clear();
  for (const jobs::Error& error : {base_error(), prepare_error()}) {
    EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
    EXPECT_THAT(error.hint, HasSubstr("remote_token_env or remote_token_file"));
  }
}

TEST_P(ServedHttp, ATokenThatExpiresBeforeThePushIsDeniedAndARenewedOneLands) {
  const jobs::Run run = worked();
  const std::string before = remote_head();
  web->set_password("a-new-one");
  const jobs::Error error = land_error(run);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("expired"));
  EXPECT_EQ(remote_head(), before);
  expect_whole_mirror();
  secret = "a-new-one";
  EXPECT_EQ(land(run).kind, Kind::landed);
}

TEST_P(ServedHttp, AnAccountThatMayNotPushIsDeniedAndTheErrorSaysWhatItNeeds) {
  const jobs::Run run = worked();
  git({"config", "http.receivepack", "false"}, remote);
  const jobs::Error error = land_error(run);
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("permission to read the repository and to push to it"));
  expect_whole_mirror();
}

TEST_P(ServedHttp, Invariant12_TheSecretIsInNoFileErrorOrRefusal) {
  const jobs::Run run = worked();
  // A server that says what it was told.
  hook("pre-receive", fmt::format("echo 'you are {}'; exit 1\n", kSecret));
  const auto refused = land(run);
  EXPECT_EQ(refused.kind, Kind::rejected);
  EXPECT_THAT(refused.message, HasSubstr("you are [redacted]"));
  fs::remove(remote + "/hooks/pre-receive");
  EXPECT_EQ(land(run).kind, Kind::landed);
  const std::string encoded = base64(std::string(kUser) + ":" + kSecret);
  int files = 0;
  for (const auto& file : fs::recursive_directory_iterator(options.root)) {
    if (file.is_regular_file()) {
      ++files;
      const std::string content = read(file.path());
      EXPECT_THAT(content, Not(HasSubstr(kSecret))) << file.path();
      EXPECT_THAT(content, Not(HasSubstr(encoded))) << file.path();
    }
  }
  EXPECT_GT(files, 10);
}

TEST_P(ServedHttp, AManifestsTokenIsEnough) {
  jobs::Fleet fleet;
  repo.auth.user = kUser;
  repo.auth.token = jobs::SecretRef{jobs::SecretRef::Source::file, top + "/token"};
  options.credentials = runner::git_credentials(
      fleet, [](const std::string&) { return std::optional<std::string>(); });
  make_workspace();
  EXPECT_EQ(land(worked()).kind, Kind::landed);
  write(top + "/token", "other\n");
  EXPECT_THAT(base_error().text(), HasSubstr("file " + top + "/token"));
  fs::remove(top + "/token");
  EXPECT_EQ(base_error().kind, ErrorKind::denied);
  EXPECT_THAT(base_error().text(), HasSubstr("the token is missing: file " + top + "/token"));
}

}  // namespace
}  // namespace worktrees::test
