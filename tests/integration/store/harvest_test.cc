// What can still be read of a damaged state is read to its end, whatever the damage.
#include "runner/store/harvest.h"

#include <algorithm>

#include "runner/store/files.h"
#include "tests/integration/store/sample_state.h"

namespace store_tests {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kFirstPageHeader = 100;
constexpr unsigned char kLeafOfTable = 13;

std::size_t number_at(const std::string& bytes, std::size_t at) {
  return std::size_t{static_cast<unsigned char>(bytes[at])} << 8U |
         static_cast<unsigned char>(bytes[at + 1]);
}

void point(std::string& bytes, std::size_t at, std::size_t to) {
  bytes[at] = static_cast<char>(to >> 8U);
  bytes[at + 1] = static_cast<char>(to & 0xFFU);
}

// A cell of nothing has the number 0: reading on "behind the last number" came to it, and from
// there to the first row again, for ever. The last cell has no place in its page, so that the
// table cannot be read at once.
TEST(StoreHarvest, EndsWhereTheRowsOfATableAreOutOfOrder) {
  const Scratch scratch;
  const std::string folder = scratch.path();
  {
    auto store = runner::store::open_store(options_for(folder));
    ASSERT_TRUE(succeeded(store));
    fill(**store);
  }
  const runner::store::StatePaths paths = runner::store::paths_in(folder);
  const std::string good = bytes_of(paths.database);
  int damaged = 0;
  for (std::size_t page = 0; page + kPage <= good.size(); page += kPage) {
    const std::size_t header = page + (page == 0 ? kFirstPageHeader : 0);
    if (static_cast<unsigned char>(good[header]) != kLeafOfTable) {
      continue;
    }
    const std::size_t cells = number_at(good, header + 3);
    const std::size_t begin_of_cells = number_at(good, header + 5);
    const std::size_t end_of_list = header - page + 8 + 2 * cells;
    if (cells < 3 || begin_of_cells < end_of_list + 32) {
      continue;
    }
    for (std::size_t cell = 0; cell + 1 < std::min<std::size_t>(cells, 8); ++cell) {
      std::string bytes = good;
      point(bytes, header + 8 + 2 * cell, end_of_list + 8);
      point(bytes, header + 8 + 2 * (cells - 1), kPage - 1);
      write_bytes(paths.database, bytes);
      (void)runner::store::harvest(paths);
      ++damaged;
    }
  }
  EXPECT_GT(damaged, 6);
}

}  // namespace

}  // namespace store_tests
