#include "runner/trackers/kept_comments.h"

#include <utility>

#include <fmt/format.h>

namespace runner::trackers {

void KeptComments::leave_out(jobs::Comment& comment) {
  bytes_ -= comment.body.size();
  comment.body = fmt::format("({} bytes left out; they stand on the server)", comment.body.size());
}

void KeptComments::add(jobs::Comment comment) {
  bytes_ += comment.body.size();
  comments_.push_back(std::move(comment));
  if (order_ == Order::newest_first) {
    if (bytes_ > room_) {
      leave_out(comments_.back());
    }
    return;
  }
  while (bytes_ > room_ && oldest_ < comments_.size()) {
    leave_out(comments_[oldest_++]);
  }
}

}  // namespace runner::trackers
