// Folders and files that are not what they should be, and bytes that are nothing at all.
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "manifests/keys.h"
#include "manifests/load.h"
#include "tests/unit/manifests/folder.h"

namespace manifests {
namespace {

using testing::HasSubstr;

TEST(BadInput, AMissingFolderSaysWhatToDo) {
  const auto loaded = load({.directory = "/nonexistent/manifests", .env = {}});
  ASSERT_FALSE(loaded);
  const jobs::Error error = loaded.error().error();
  EXPECT_EQ(error.kind, jobs::ErrorKind::invalid_manifest);
  EXPECT_THAT(error.message, HasSubstr("/nonexistent/manifests: error: cannot read the folder"));
  EXPECT_THAT(error.message, HasSubstr("--manifests DIR"));
}

TEST(BadInput, AnEmptyFolderSaysWhatToDo) {
  const Folder folder;
  folder.write("readme.md", "no");
  folder.write("below/fleet.toml", "broken = ");
  folder.write(".hidden.toml", "broken = ");
  EXPECT_THAT(folder.errors(), HasSubstr("holds no manifest"));
}

TEST(BadInput, OneBrokenFileHidesNothingOfTheOthers) {
  const Folder folder("[limits]\nfix_attempts = 0\n");
  folder.write("a.toml", "x = ");
  folder.write("b.toml", std::string_view("y = \0", 5));
  folder.write("c.toml", "y = \"\xff\"");
  folder.write("d.toml", std::string(2 << 20, '#'));
  std::filesystem::create_directory(folder / "e.toml");
  std::filesystem::create_symlink("f.toml", folder / "f.toml");
  std::filesystem::create_symlink("nowhere", folder / "g.toml");
  ASSERT_EQ(::mkfifo((folder / "h.toml").c_str(), 0600), 0);
  folder.write("z.toml", "[limit]\n");
  const std::string errors = folder.errors();
  for (const char* expected :
       {"a.toml:1:", "b.toml:1:5: error: control character 0x00", "c.toml:1:6: error: byte 0xff",
        "d.toml: error: cannot read the manifest: it has more than",
        "e.toml: error: cannot read the manifest: it is a directory",
        "f.toml: error: cannot read the manifest: Too many levels of symbolic links",
        "g.toml: error: cannot read the manifest: No such file",
        "h.toml: error: cannot read the manifest: it is not a regular",
        "fleet.toml:2:16: error: fix_attempts = 0 is impossible",
        "z.toml:1:2: error: unknown table \"limit\"", "did you mean \"limits\"?"}) {
    EXPECT_THAT(errors, HasSubstr(expected));
  }
}

TEST(BadInput, ANameThatABrokenFileMayDeclareIsNotCalledUnknown) {
  Folder folder(std::string(kMinimal) + "ci = \"elsewhere\"\n");
  folder.write("ci.toml", "[ci.elsewhere]\ncommand = \n");
  const auto loaded = folder.load();
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().diagnostics.size(), 1U) << folder.errors();
  EXPECT_THAT(loaded.error().diagnostics[0].at.file, HasSubstr("ci.toml"));
}

TEST(BadInput, AMissingTokenVariableIsAnError) {
  Folder folder(
      "[notify.w]\nkind = \"webhook\"\nurl = \"https://example.org\"\ntoken_env = \"HOOK\"\n");
  EXPECT_THAT(folder.errors(),
              HasSubstr("fleet.toml:4:13: error: the environment variable HOOK is not set"));
  folder.environment["HOOK"] = "";
  EXPECT_THAT(folder.errors(), HasSubstr("the environment variable HOOK is empty"));
  folder.environment["HOOK"] = "x";
  EXPECT_EQ(folder.errors(), "");
}

RC_GTEST_PROP(BadInput, NeverThrowsForRandomBytes,
              (const std::string& first, const std::string& second)) {
  const Folder folder(first);
  folder.write("b.toml", second);
  const auto loaded = folder.load();
  RC_ASSERT((loaded.has_value() || !loaded.error().diagnostics.empty()));
}

// Random keys and values of the right tables get past the parser and into the readers.
RC_GTEST_PROP(BadInput, NeverThrowsForAnyKeyWithAnyValue, ()) {
  const auto tables = table_names();
  std::string text;
  const int rows = *rc::gen::inRange(1, 6);
  for (int i = 0; i < rows; ++i) {
    const std::string table = *rc::gen::elementOf(tables);
    const bool named = table == "tracker" || table == "agent" || table == "ci" ||
                       table == "notify" || table == "pipeline";
    text += table == "repo" ? "[[repo]]\n" : "[" + table + (named ? ".x" : "") + "]\n";
    for (const std::string& key :
         *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(key_names(table)))) {
      text += key + " = " +
              *rc::gen::elementOf(std::vector<std::string>{"1",
                                                           "-9223372036854775808",
                                                           "9223372036854775807",
                                                           "1e300",
                                                           "nan",
                                                           "true",
                                                           "\"\"",
                                                           "\"..\"",
                                                           "\"\\u0000\"",
                                                           "\"-x\"",
                                                           "[]",
                                                           "[[]]",
                                                           "[{}]",
                                                           "{}",
                                                           "[\"a\", 1]",
                                                           "\"99999999999999999999s\"",
                                                           "2026-11-21",
                                                           "{ a.b.c = 1 }",
                                                           "[{ kind = \"land\" }]",
                                                           "\"x/../y\""}) +
              "\n";
    }
  }
  const Folder folder(text);
  const auto loaded = folder.load();
  RC_ASSERT((loaded.has_value() || !render(loaded.error().diagnostics).empty()));
}

}  // namespace
}  // namespace manifests
