// Runs a fuzz target over files instead of random bytes, so that every seed and every crash ever
// found is an ordinary test with the ordinary compiler.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::set<std::filesystem::path> inputs_of(int argc, char** argv) {
  std::set<std::filesystem::path> inputs;  // sorted, so that a failure is found again
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (std::filesystem::is_regular_file(path)) {
      inputs.insert(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) {
        inputs.insert(entry.path());
      }
    }
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto inputs = inputs_of(argc, argv);
  if (inputs.empty()) {
    std::fprintf(stderr, "no seeds: name at least one file or a folder that holds some\n");
    return 1;
  }
  for (const auto& path : inputs) {
    // Named before it runs: after an abort the last line says which input it was.
    std::fprintf(stderr, "%s\n", path.c_str());
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::fprintf(stderr, "%zu inputs replayed\n", inputs.size());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "replay failed: %s\n", error.what());
  return 1;
}
