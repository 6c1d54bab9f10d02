// A secret never comes out, in any form it is known in and however the stream is cut; the cuts
// change nothing; the output has a bound. Input: secrets, then the text, each ended by "--" on a
// line of its own; "<1>" in the text stands for the first secret, "<1j>" for it as JSON writes it,
// and so on, so that mutations keep hitting.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/base/text.h"
#include "runner/process/redactor.h"
#include "tests/fuzz/forms.h"
#include "tests/fuzz/fuzz.h"

namespace {

using fuzz::require;
using runner::process::Redactor;

constexpr std::string_view kMark = "[redacted]";

/// The pieces between the marks: a secret that merely looks like a part of the mark is no leak.
std::vector<std::string> between_marks(std::string_view text) {
  std::vector<std::string> pieces;
  while (true) {
    const std::size_t at = text.find(kMark);
    pieces.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return pieces;
    }
    text.remove_prefix(at + kMark.size());
  }
}

std::string expand(std::string_view text, const std::vector<std::string>& secrets) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool named = text[i] == '<' && i + 2 < text.size() && text[i + 1] >= '1' &&
                       static_cast<std::size_t>(text[i + 1] - '1') < secrets.size();
    if (!named) {
      out += text[i];
      continue;
    }
    const std::string& secret = secrets[static_cast<std::size_t>(text[i + 1] - '1')];
    const bool form = text[i + 2] != '>';
    if (form && (i + 3 >= text.size() || text[i + 3] != '>')) {
      out += text[i];
      continue;
    }
    out += form ? fuzz::written_as(text[i + 2], secret) : secret;
    i += form ? 3 : 2;
  }
  return out;
}

std::string in_chunks(Redactor redactor, std::string_view text, const std::string& cuts) {
  std::string result;
  std::size_t next = 0;
  while (!text.empty()) {
    const auto wanted =
        cuts.empty() ? 1U : 1U + static_cast<unsigned char>(cuts[next++ % cuts.size()]) % 32U;
    result += redactor.feed(text.substr(0, wanted));
    text.remove_prefix(std::min<std::size_t>(wanted, text.size()));
  }
  return result + redactor.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) {
    return 0;
  }
  fuzz::Input input(data, size);
  const std::string cuts = input.part();
  std::vector<std::string> secrets;
  for (std::size_t count = input.below(4); count > 0; --count) {
    secrets.emplace_back(jobs::trimmed(input.part()));
  }
  Redactor redactor;
  for (const std::string& secret : secrets) {
    redactor.add_secret(secret);
  }
  const std::string text = expand(input.rest(), secrets);
  const std::string whole = redactor.redact(text);
  require(in_chunks(redactor, text, cuts) == whole, "cuts change nothing");
  require(in_chunks(redactor, text, "") == whole, "single bytes change nothing");
  // A secret of four bytes becomes a mark of ten: the longest that can come of a text.
  require(whole.size() <= text.size() * 5 / 2 + kMark.size(), "the output has a bound");
  for (const std::string& piece : between_marks(whole)) {
    for (const std::string& secret : secrets) {
      if (secret.size() < 4) {
        continue;
      }
      require(piece.find(secret) == std::string::npos, "a secret came out as it is");
      for (const char form : fuzz::kForms) {
        const std::string written = fuzz::written_as(form, secret);
        // Base64 of a few bytes is too short to be told from other text.
        const bool told = written.size() >= 4 && (form < 'A' || form > 'Z' || secret.size() >= 8);
        require(!told || piece.find(written) == std::string::npos,
                "a secret came out in another form");
      }
    }
  }
  return 0;
}
