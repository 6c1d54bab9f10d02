#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "jobs/model/run.h"
#include "runner/store/cells.h"
#include "runner/store/rows.h"

namespace runner::store {

namespace {

RC_GTEST_PROP(StoreCells, AnyListOfAnyBytesComesBack, (const std::vector<std::string>& list)) {
  const auto read = list_from_text(list_to_text(list));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == list);
}

RC_GTEST_PROP(StoreCells, AnyTextIsReadOrRefused, (const std::string& text)) {
  // Whatever it is, it is no crash, and what is accepted is what would be written.
  const auto read = list_from_text("[" + text + "]");
  const bool fine = !read || list_from_text(list_to_text(*read)) == read;
  RC_ASSERT(fine);
}

TEST(StoreCells, ListsAreWrittenAsJson) {
  EXPECT_EQ(list_to_text({}), "[]");
  EXPECT_EQ(list_to_text({"a", "b\"c\\", "\n", ""}), R"(["a","b\"c\\","\u000a",""])");
}

TEST(StoreCells, BrokenListsAreRefused) {
  for (const char* text :
       {"", "[", "]", "[]]", "[\"a\"", "[\"a]", "[\"a\",]", "[\"a\" \"b\"]", "[a]", "[\"a\"]x",
        "[\"\\", "[\"\\u00\"]", "[\"\\u00zz\"]", "[\"\\u0100\"]", "[\"\\n\"]", "{}"}) {
    EXPECT_FALSE(list_from_text(text)) << text;
  }
}

TEST(StoreCells, WrongTypeMakesTheWholeRowUnreadable) {
  const Row row{std::string("text"), std::int64_t{1}};
  RowReader in("t", row);
  EXPECT_EQ(in.number(), 0);
  EXPECT_EQ(in.text(), "") << "nothing is read behind the first wrong cell";
  const auto finished = in.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, jobs::ErrorKind::corrupt);
}

TEST(StoreCells, RowMustBeUsedUp) {
  const Row row{std::int64_t{1}, std::int64_t{2}};
  RowReader in("t", row);
  EXPECT_EQ(in.number(), 1);
  EXPECT_FALSE(in.finish());
}

TEST(StoreCells, NumbersOutOfRangeAreRefused) {
  const Row row{std::int64_t{1} << 40};
  RowReader small("t", row);
  EXPECT_EQ(small.small(), 0);
  EXPECT_FALSE(small.finish());
  RowReader flag("t", row);
  EXPECT_FALSE(flag.flag());
  EXPECT_FALSE(flag.finish());
}

// "status word misspelt": an unknown name is damage, never a default.
TEST(StoreCells, UnknownNameIsDamage) {
  jobs::Run run;
  run.id = jobs::RunId("r1");
  Row row = to_row(run);
  ASSERT_TRUE(run_from(row));
  row[3] = std::string("turnning");
  EXPECT_FALSE(run_from(row));
}

TEST(StoreCells, DigestDependsOnEveryCellItsTypeAndItsPlace) {
  const auto digest = [](const Row& row) { return digest_of("t", row); };
  EXPECT_EQ(digest({std::string("a"), std::int64_t{1}}),
            digest({std::string("a"), std::int64_t{1}}));
  EXPECT_NE(digest({std::string("a"), std::int64_t{1}}),
            digest({std::int64_t{1}, std::string("a")}));
  EXPECT_NE(digest({std::string("ab"), std::string("c")}),
            digest({std::string("a"), std::string("bc")}));
  EXPECT_NE(digest({std::string("1")}), digest({std::int64_t{1}}));
  EXPECT_NE(digest({std::string()}), digest({std::monostate{}}));
  EXPECT_NE(digest({std::string("n;")}), digest({std::string("n"), std::monostate{}}));
  EXPECT_NE(digest_of("s", {std::int64_t{1}}), digest_of("t", {std::int64_t{1}}));
}

TEST(StoreCells, ColumnsThatCameLaterChangeNoDigestOfARowFromBefore) {
  const SealedTable now{.name = "t", .columns = {"a", "b", "later"}, .keys = 1, .added = 1};
  const Row before = {std::int64_t{1}, std::monostate{}};
  EXPECT_EQ(digest_of(now, {std::int64_t{1}, std::monostate{}, std::monostate{}}),
            digest_of("t", before))
      << "NULLs that were there already count";
  EXPECT_NE(digest_of(now, {std::int64_t{1}, std::monostate{}, std::string("x")}),
            digest_of("t", before));
  for (const SealedTable* table : {&turns_table(), &brakes_table()}) {
    EXPECT_GT(table->added, 0U) << table->name;
    EXPECT_GT(table->columns.size(), table->added + table->keys);
  }
}

// The schema's partial index says "step <> 'ended'" in words.
TEST(StoreCells, Invariant1_NamesInTheSchemaAreThoseOfTheModel) {
  EXPECT_EQ(to_string(jobs::RunStep::ended), "ended");
  EXPECT_EQ(to_string(jobs::LedgerKind::reserve), "reserve");
}

}  // namespace

}  // namespace runner::store
