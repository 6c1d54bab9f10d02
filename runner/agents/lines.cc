#include "runner/agents/lines.h"

#include "jobs/base/text.h"

namespace runner::agents {

void Lines::feed(std::string_view bytes, const std::function<void(std::string_view)>& each) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    too_long_ = too_long_ || part_.size() + piece.size() > most_;
    if (too_long_) {
      jobs::forget(part_);
    }
    if (end == std::string_view::npos) {
      if (!too_long_) {
        part_ += piece;
      }
      return;
    }
    if (too_long_) {
      ++skipped_;
    } else if (part_.empty()) {
      each(piece);
    } else {
      part_ += piece;
      each(part_);
      // A line of megabytes is rare; its memory is not kept for the short ones.
      jobs::forget(part_);
    }
    too_long_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void Lines::finish(const std::function<void(std::string_view)>& each) {
  if (too_long_) {
    ++skipped_;
  } else if (!part_.empty()) {
    each(part_);
  }
  jobs::forget(part_);
  too_long_ = false;
}

}  // namespace runner::agents
