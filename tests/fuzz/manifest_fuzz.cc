// Every byte string is a TOML document or a diagnostic, and every document a fleet or diagnostics.
// The first is asked of the bytes alone, without a file; the second needs a folder, which is made
// once.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "manifests/load.h"
#include "manifests/show.h"
#include "manifests/toml_value.h"

namespace {

struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "manifest-fuzz-XXXXXX").string();
  Folder() {
    if (mkdtemp(path.data()) == nullptr) {
      std::abort();
    }
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto value = manifests::read_toml(bytes, "fuzz.toml");
  if (!value) {
    require(!manifests::render(value.error()).empty());
    return 0;
  }
  std::ofstream(folder.path + "/fuzz.toml", std::ios::binary) << bytes;
  const auto loaded = manifests::load({.directory = folder.path, .env = {}});
  if (loaded) {
    (void)manifests::show_text(*loaded);
    (void)manifests::show_json(*loaded);
  } else {
    require(!manifests::render(loaded.error().diagnostics).empty());
  }
  return 0;
}
