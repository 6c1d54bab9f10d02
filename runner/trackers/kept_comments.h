#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "jobs/model/issue.h"

namespace runner::trackers {

/// An issue's comments in the order in which they are read. Where all of them together are longer
/// than `room`, texts of the oldest give way to a remark, so that nobody fills the memory by
/// writing.
class KeptComments {
 public:
  enum class Order : std::uint8_t { oldest_first, newest_first };
  explicit KeptComments(Order order, std::size_t room = std::size_t{8} << 20U)
      : order_(order), room_(room) {}
  void add(jobs::Comment comment);
  [[nodiscard]] std::vector<jobs::Comment> take() && { return std::move(comments_); }

 private:
  void leave_out(jobs::Comment& comment);

  Order order_;
  std::size_t room_;
  std::size_t bytes_ = 0;
  std::size_t oldest_ = 0;  ///< that still has its text
  std::vector<jobs::Comment> comments_;
};

}  // namespace runner::trackers
