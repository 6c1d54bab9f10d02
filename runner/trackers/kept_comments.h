#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "jobs/model/issue.h"

namespace runner::trackers {

/// An issue's comments as they are read, oldest first. Where all of them together are longer than
/// `room`, texts of the oldest give way to a remark, so that nobody fills the memory by writing.
class KeptComments {
 public:
  explicit KeptComments(std::size_t room = std::size_t{8} << 20U) : room_(room) {}
  void add(jobs::Comment comment);
  [[nodiscard]] std::vector<jobs::Comment> take() && { return std::move(comments_); }

 private:
  std::size_t room_;
  std::size_t bytes_ = 0;
  std::size_t oldest_ = 0;  ///< that still has its text
  std::vector<jobs::Comment> comments_;
};

}  // namespace runner::trackers
