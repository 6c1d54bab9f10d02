#include "metrics/textfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/own_folder.h"

namespace metrics {
namespace {

namespace fs = std::filesystem;

class MetricsTextfile : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] static std::string content(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}));
  }

  const test_support::OwnFolder own_{"metrics"};
  const fs::path folder_ = own_.path();
};

TEST_F(MetricsTextfile, ReplacesTheFileWhole) {
  ASSERT_TRUE(write_textfile(path("a.prom"), "old\n").has_value());
  struct stat before{};
  ASSERT_EQ(stat(path("a.prom").c_str(), &before), 0);
  ASSERT_TRUE(write_textfile(path("a.prom"), "new\n").has_value());
  struct stat after{};
  ASSERT_EQ(stat(path("a.prom").c_str(), &after), 0);
  EXPECT_EQ(content(path("a.prom")), "new\n");
  EXPECT_NE(before.st_ino, after.st_ino) << "written in place: a reader may see half of it";
  EXPECT_EQ(after.st_mode & 0777U, 0644U) << "a scraper is another user";
  EXPECT_EQ(files(), 1U) << "a temporary file stayed";
}

TEST_F(MetricsTextfile, MissingFolderIsNotFoundAndNamesIt) {
  const auto written = write_textfile(path("none/a.prom"), "x\n");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().kind, jobs::ErrorKind::not_found);
  EXPECT_NE(written.error().message.find("none/a.prom"), std::string::npos);
}

TEST_F(MetricsTextfile, FolderInPlaceOfTheFileStays) {
  fs::create_directory(path("a.prom"));
  const auto written = write_textfile(path("a.prom"), "x\n");
  ASSERT_FALSE(written.has_value());
  EXPECT_TRUE(fs::is_directory(path("a.prom")));
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace metrics
