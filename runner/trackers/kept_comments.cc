#include "runner/trackers/kept_comments.h"

#include <utility>

#include <fmt/format.h>

namespace runner::trackers {

void KeptComments::add(jobs::Comment comment) {
  bytes_ += comment.body.size();
  comments_.push_back(std::move(comment));
  while (bytes_ > room_ && oldest_ < comments_.size()) {
    std::string& body = comments_[oldest_++].body;
    bytes_ -= body.size();
    body = fmt::format("({} bytes left out; they stand on the forge)", body.size());
  }
}

}  // namespace runner::trackers
