// HTML of a server: never longer than it may be; and text that we write comes back as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "jobs/base/text.h"
#include "runner/trackers/plane_html.h"
#include "tests/fuzz/fuzz.h"

using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = runner::trackers::plane::text_of_html(bytes);
  require(text.size() <= 3 * size + 16, "a text is not much longer than its markup");

  const std::string html = runner::trackers::plane::escaped(bytes).value;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    require(html.compare(at, 3, "<p>") == 0 || html.compare(at, 4, "</p>") == 0,
            "no tag but those of paragraphs");
  }
  std::string plain = jobs::to_valid_utf8(bytes);
  std::erase(plain, '\r');
  while (!plain.empty() &&
         std::string_view(" \t\n\f").find(plain.back()) != std::string_view::npos) {
    plain.pop_back();
  }
  require(runner::trackers::plane::text_of_html(html) == plain, "what we write comes back");
  return 0;
}
