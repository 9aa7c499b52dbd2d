// From records to rows: what analysts get to see, and what no record can do to the tables.
#include "common/tables/record_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace cairn {
namespace {

constexpr char id[] = "00000000-0000-4000-8000-000000000001";

v1::DirectoryRecord View(v1::RecordKind kind) {
  v1::DirectoryRecord view;
  view.set_kind(kind);
  view.set_partner("pl-x");
  view.set_audience("public");
  view.mutable_record()->set_id(id);
  view.mutable_record()->set_language("pl");
  return view;
}

// The value of a column in the only row of the table.
TableValue Value(const v1::DirectoryRecord& view, TableId table, absl::string_view column) {
  for (const TableRow& row : RowsOf(view)) {
    if (row.table != table) continue;
    const auto& columns = TableOf(table).columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == column) return row.values[i];
    }
  }
  ADD_FAILURE() << "no row or no column " << column;
  return {};
}

bool Fits(const Column& column, const TableValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return !column.required;
  switch (column.type) {
    case ColumnType::kInteger:
      return std::holds_alternative<int64_t>(value);
    case ColumnType::kReal:
      return std::holds_alternative<double>(value) && std::isfinite(std::get<double>(value));
    case ColumnType::kBoolean:
      return std::holds_alternative<bool>(value);
    case ColumnType::kDate:
      return std::holds_alternative<std::string>(value) && std::get<std::string>(value).size() == 10;
    case ColumnType::kTime:
      return std::holds_alternative<std::string>(value) && std::get<std::string>(value).size() == 19;
    case ColumnType::kText:
      return std::holds_alternative<std::string>(value) && std::get<std::string>(value).find('\0') == std::string::npos;
  }
  return false;
}

void ExpectFits(const std::vector<TableRow>& rows) {
  for (const TableRow& row : rows) {
    const Table& table = TableOf(row.table);
    ASSERT_EQ(row.values.size(), table.columns.size()) << table.name;
    for (size_t i = 0; i < row.values.size(); ++i) {
      EXPECT_TRUE(Fits(table.columns[i], row.values[i])) << table.name << "." << table.columns[i].name;
    }
  }
}

// A record of each kind with something in every list and `text` in the texts.
std::vector<v1::DirectoryRecord> OneOfEachKind(const std::string& text) {
  std::vector<v1::DirectoryRecord> all;
  for (int kind = v1::ORGANIZATION; kind <= v1::COMMITMENT; ++kind) {
    all.push_back(View(static_cast<v1::RecordKind>(kind)));
    v1::Record* const record = all.back().mutable_record();
    record->add_countries("PL");
    record->add_terms()->set_code("helpline");
    record->set_verified_by(text);
  }
  all[0].mutable_record()->mutable_organization()->set_name(text);
  v1::Service* const service = all[1].mutable_record()->mutable_service();
  service->set_name(text);
  service->add_phones()->set_number(text);
  service->add_languages()->set_code("uk");
  service->add_schedules()->set_valid_from(text);
  service->add_service_at_locations()->set_description(text);
  all[2].mutable_record()->mutable_location()->add_addresses()->set_city(text);
  v1::Training* const training = all[3].mutable_record()->mutable_training();
  training->set_name(text);
  training->add_prices()->set_amount(text);
  training->add_sessions()->set_start(text);
  all[4].mutable_record()->mutable_resource()->set_name(text);
  all[5].mutable_record()->mutable_assessment()->set_period_start(text);
  v1::Commitment* const commitment = all[6].mutable_record()->mutable_commitment();
  commitment->set_due(text);
  commitment->add_reports()->set_due(text);
  return all;
}

TEST(RecordRowsTest, TheRowsOfEveryKindFitTheirTables) {
  std::vector<bool> seen(directory_table_count);
  for (const v1::DirectoryRecord& view : OneOfEachKind("text")) {
    const std::vector<TableRow> rows = RowsOf(view);
    ExpectFits(rows);
    for (const TableRow& row : rows) seen[static_cast<size_t>(row.table)] = true;
  }
  v1::PartnerSummary partner;
  partner.set_id("pl-x");
  ExpectFits({RowOf(partner)});
  seen[static_cast<size_t>(TableId::kPartner)] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0) << "a table that nothing fills";
}

TEST(RecordRowsTest, AttackByNonsense_WhatIsSignedWithoutSenseStillFits) {
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("9999-99-99"), std::string("NULL"), std::string("infinity"),
        std::string("2026-02-30T25:61:00"), std::string(70'000, 'x'), std::string("{\"\\,'")}) {
    for (v1::DirectoryRecord view : OneOfEachKind(text)) {
      view.mutable_record()->mutable_updated_at()->set_seconds(std::numeric_limits<int64_t>::max());
      view.mutable_record()->mutable_verified_at()->set_seconds(std::numeric_limits<int64_t>::min());
      view.mutable_verify_due_at()->set_seconds(std::numeric_limits<int64_t>::min());
      if (view.record().has_service()) {
        view.mutable_record()->mutable_service()->set_minimum_age(std::numeric_limits<double>::quiet_NaN());
      }
      ExpectFits(RowsOf(view));
    }
  }
}

TEST(RecordRowsTest, AKindThatThisProgramDoesNotKnowHasNoRows) {
  EXPECT_TRUE(RowsOf(View(v1::RECORD_KIND_UNSPECIFIED)).empty());
}

TEST(RecordRowsTest, NumbersOfAPlaceNameIt) {
  v1::DirectoryRecord view = View(v1::SERVICE);
  v1::ServiceAtLocation* const at = view.mutable_record()->mutable_service()->add_service_at_locations();
  at->set_location_id("there");
  at->add_phones()->set_number("+48221234567");
  EXPECT_EQ(Value(view, TableId::kServicePhone, "location_id"), TableValue(std::string("there")));
  EXPECT_EQ(Value(view, TableId::kServicePhone, "type"), TableValue(std::string("voice")));
}

TEST(RecordRowsTest, ATrainingIsFreeWhenEveryPriceIsNoughtAndUnknownWithoutPrices) {
  v1::DirectoryRecord view = View(v1::TRAINING);
  v1::Training* const training = view.mutable_record()->mutable_training();
  EXPECT_EQ(Value(view, TableId::kTraining, "is_free"), TableValue());
  training->add_prices()->set_amount("0");
  EXPECT_EQ(Value(view, TableId::kTraining, "is_free"), TableValue(true));
  v1::CostOption* const price = training->add_prices();
  price->set_amount("12.50");
  price->set_currency("EUR");
  price->set_option("others");
  EXPECT_EQ(Value(view, TableId::kTraining, "is_free"), TableValue(false));
  EXPECT_EQ(Value(view, TableId::kTraining, "prices"), TableValue(std::string("0; 12.50 EUR (others)")));
}

TEST(RecordRowsTest, SessionsHaveTheirLocalDayAndTheirMomentInUtc) {
  v1::DirectoryRecord view = View(v1::TRAINING);
  v1::Training* const training = view.mutable_record()->mutable_training();
  training->set_mode("hybrid");
  v1::TrainingSession* const session = training->add_sessions();
  session->set_start("2027-01-10T00:30:00");
  session->set_end("2027-01-12");
  session->set_time_zone("Europe/Warsaw");
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "starts_on"), TableValue(std::string("2027-01-10")));
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "starts_at"), TableValue(std::string("2027-01-09 23:30:00")));
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "ends_on"), TableValue(std::string("2027-01-12")));
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "ends_at"), TableValue()) << "all day";
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "mode"), TableValue(std::string("hybrid")));
  EXPECT_EQ(Value(view, TableId::kTrainingSession, "status"), TableValue(std::string("scheduled")));
}

TEST(RecordRowsTest, WhatWasNeverVerifiedHasNoDueDate) {
  v1::DirectoryRecord view = View(v1::SERVICE);
  view.mutable_record()->mutable_service();
  EXPECT_EQ(Value(view, TableId::kService, "verify_due_on"), TableValue());
  view.mutable_verify_due_at()->set_seconds(1'790'000'000);
  EXPECT_EQ(Value(view, TableId::kService, "verify_due_on"), TableValue(std::string("2026-09-21")));
}

}  // namespace
}  // namespace cairn
