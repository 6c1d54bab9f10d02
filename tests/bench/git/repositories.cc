#include "tests/bench/git/repositories.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "tests/bench/timing.h"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr int kMostSearched = 10'000;

/// Text that compresses about as well as source code does.
class Prose {
 public:
  Prose() {
    for (int i = 0; i < 4000; ++i) {
      std::string word;
      for (int length = pick(2, 11); length > 0; --length) {
        word += static_cast<char>('a' + pick(0, 25));
      }
      words_.push_back(word);
    }
  }

  std::string text(std::int64_t bytes) {
    std::string out;
    while (std::cmp_less(out.size(), bytes)) {
      out.append(static_cast<std::size_t>(2 * pick(0, 4)), ' ');
      for (int words = pick(1, 9); words > 0; --words) {
        // Few words are frequent, as in any language.
        const int rank = pick(0, pick(1, 3999));
        out += words_[static_cast<std::size_t>(rank)];
        out += words > 1 ? (pick(0, 5) == 0 ? "->" : " ") : ";";
      }
      out += '\n';
    }
    return out;
  }

  int pick(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

 private:
  std::mt19937_64 random_{20'260'101};
  std::vector<std::string> words_;
};

struct Closed {
  void operator()(std::FILE* pipe) const { (void)::pclose(pipe); }
};

}  // namespace

const std::vector<RepositoryKind>& repository_kinds() {
  static const std::vector<RepositoryKind> kinds = {
      {"small", 200, 4'000, "a service"},
      {"middle", 7'000, 9'000, "the size of Kafka"},
      {"large", 90'000, 13'000, "the size of Linux"},
      {"small-blobs", 50'000, 200, "many small files"},
      {"large-blobs", 40, 8'000'000, "few large files"}};
  return kinds;
}

void make_repository(const RepositoryKind& kind, const std::string& folder) {
  if (fs::exists(folder)) {
    return;
  }
  const std::string fresh = folder + ".new";
  fs::remove_all(fresh);
  fs::create_directories(fs::path(folder).parent_path());
  run_program({"git", "init", "-q", "--bare", "-b", "main", fresh});
  Prose prose;
  {
    const std::string command = fmt::format("git -C '{}' fast-import --quiet", fresh);
    const std::unique_ptr<std::FILE, Closed> in(::popen(command.c_str(), "w"));
    if (in == nullptr) {
      throw std::runtime_error("cannot start git fast-import");
    }
    const std::string author = "Bench <bench@example.com> 1767225600 +0000";
    fmt::print(in.get(), "commit refs/heads/main\ncommitter {}\ndata 4\nmake\n", author);
    for (int i = 0; i < kind.files; ++i) {
      const auto bytes = kind.mean_bytes * prose.pick(2, 18) / 10;
      const std::string text = prose.text(bytes);
      const char* mode = i % 50 == 0 ? "100755" : "100644";
      const int directory = i / 15;  // as in both of the real ones
      fmt::print(in.get(), "M {} inline area{:02}/part{:04}/unit-{:06}.c\ndata {}\n", mode,
                 directory % 23, directory, i, text.size());
      (void)std::fwrite(text.data(), 1, text.size(), in.get());
      (void)std::fputc('\n', in.get());
    }
    fmt::print(in.get(), "M 120000 inline link\ndata 6\narea00\n\ndone\n");
  }
  // To look for deltas among very many files takes longer than all measurements, and finds few:
  // at the tip of a history most files stand whole in a pack.
  const char* how = kind.files <= kMostSearched ? "-adfq" : "-adq";
  run_program({"git", "-C", fresh, "repack", how, "--depth=50", "--window=10"});
  fs::rename(fresh, folder);
}

}  // namespace bench
