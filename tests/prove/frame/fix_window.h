#pragma once

#include <string>

#include "tests/support/playground.h"
#include "tests/support/whole_file.h"

namespace prove {

/// Closes the window for corrections in the manifests below `folder`. A red commit whose correction
/// died is looked at again when that window is over: an hour, which no harness waits for.
inline void close_fix_window(const std::string& folder) {
  const std::string path = folder + "/manifests/fleet.toml";
  std::string text = test_support::whole_file(path);
  text.insert(text.find("[limits]\n") + 9, "fix_window = \"1ms\"\n");
  test_support::write_file(path, text);
}

}  // namespace prove
