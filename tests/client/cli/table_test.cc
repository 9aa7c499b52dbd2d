#include "client/cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace cairn {
namespace {

std::string Print(const Table& table, size_t width, bool colour = false) {
  std::ostringstream out;
  table.Print(out, Style(colour), width);
  return out.str();
}

TEST(TableTest, AlignsByDisplayWidth) {
  Table table({{"NAME"}, {"COUNT", true}});
  table.AddRow({"Łódź", "7"});
  table.AddRow({"Rīga city", "1,200"});
  EXPECT_EQ(Print(table, 0), "NAME       COUNT\nŁódź           7\nRīga city  1,200\n");
}

TEST(TableTest, CutsTheFlexibleColumnToFitTheTerminal) {
  Table table({{"NAME", false, true}, {"ID"}});
  table.AddRow({"A name that is far too long", "0123456789"});
  EXPECT_EQ(Print(table, 25), "NAME           ID\nA name that…   0123456789\n");
}

TEST(TableTest, LeavesOutColumnsThatAreEmpty) {
  Table table({{"A"}, {"B"}, {"C"}});
  table.AddRow({"1", "", "3"});
  EXPECT_EQ(Print(table, 0), "A  C\n1  3\n");
}

TEST(TableTest, PaintsTextNotTheSpaceAround) {
  Table table({{"A"}});
  table.AddRow({Table::Cell("bad", Tone::kBad)});
  EXPECT_EQ(Print(table, 0, true), "\x1b[2mA\x1b[0m\n\x1b[31mbad\x1b[0m\n");
}

}  // namespace
}  // namespace cairn
