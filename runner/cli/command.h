#pragma once

#include <string>

namespace runner::cli {

/// When output may carry colours and tables.
enum class Color { automatic, always, never };

/// Options that every command has.
struct Globals {
  std::string manifests_dir = "./manifests";
  bool json = false;
  Color color = Color::automatic;
};

}  // namespace runner::cli
