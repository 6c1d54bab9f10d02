// Every byte string is either a TOML document or a diagnostic. Both are then used as the loader uses them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "manifests/toml_value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto value = manifests::read_toml(bytes, "fuzz.toml"); !value) {
    (void)manifests::render(value.error());
  }
  return 0;
}
