#include "server/store/derived_tables.h"

namespace cairn {

#define CAIRN_ONE_ROW(table, columns, places)                                                                          \
  {                                                                                                                    \
    table, "INSERT INTO " table " (entry_id, " columns ") VALUES " places, "DELETE FROM " table " WHERE entry_id = ?", \
        "SELECT " columns " FROM " table " WHERE entry_id = ?", false                                                  \
  }
#define CAIRN_NUMBERED_ROWS(table, columns, places)                                 \
  {                                                                                 \
    table, "INSERT INTO " table " (entry_id, n, " columns ") VALUES " places,       \
        "DELETE FROM " table " WHERE entry_id = ?",                                 \
        "SELECT n, " columns " FROM " table " WHERE entry_id = ? ORDER BY n", false \
  }
#define CAIRN_KEYED_BY_VALUE(table, column)                                   \
  {                                                                           \
    table, "INSERT INTO " table " (entry_id, " column ") VALUES (?, ?)",      \
        "DELETE FROM " table " WHERE " column " = ? AND entry_id = ?",        \
        "SELECT 1 FROM " table " WHERE " column " = ? AND entry_id = ?", true \
  }

const std::array<DerivedTableSql, kDerivedTableCount> kDerivedTables = {{
    {"record",
     "INSERT INTO record (entry_id, feed_id, kind, id, title, language, countries, languages, terms, "
     "updated_unix_millis, verified_unix_millis, verify_every_days, verified_by) "
     "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
     "DELETE FROM record WHERE entry_id = ?",
     "SELECT kind, id, title, language, countries, languages, terms, updated_unix_millis, verified_unix_millis, "
     "verify_every_days, verified_by FROM record WHERE entry_id = ?",
     false},
    CAIRN_KEYED_BY_VALUE("record_country", "country"),
    CAIRN_KEYED_BY_VALUE("record_language", "language"),
    {"record_term", "INSERT INTO record_term (entry_id, code, taxonomy) VALUES (?, ?, ?)",
     "DELETE FROM record_term WHERE code = ? AND taxonomy = ? AND entry_id = ?",
     "SELECT 1 FROM record_term WHERE code = ? AND taxonomy = ? AND entry_id = ?", true},
    CAIRN_KEYED_BY_VALUE("record_place", "location_id"),
    CAIRN_ONE_ROW("organization",
                  "id, name, alternate_name, role, parent_organization_id, email, website, phone, year_incorporated",
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("service",
                  "id, organization_id, name, status, email, url, minimum_age, maximum_age, fees_description",
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_NUMBERED_ROWS("service_phone", "at_location, number, country, short_code, type", "(?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_NUMBERED_ROWS("service_schedule",
                        "at_location, first_date, last_date, weekdays, rule, dtstart, opens_at, closes_at, time_zone, "
                        "description",
                        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_NUMBERED_ROWS("service_at_location", "location_id, description, id", "(?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("location",
                  "id, organization_id, location_type, name, latitude, longitude, address, city, postal_code, "
                  "state_province, country",
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("location_geo", "latitude_min, latitude_max, longitude_min, longitude_max", "(?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("training", "id, provider_id, name, mode, audience, duration_minutes, url, email",
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_NUMBERED_ROWS("training_session",
                        "id, name, starts_at, ends_at, time_zone, place, location_id, country, status, mode, capacity, "
                        "registration_url",
                        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("resource", "id, publisher_id, name, resource_type, url, license, year", "(?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("assessment",
                  "id, service_id, assessor_id, name, criterion, method, period_start, period_end, score, result",
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_ONE_ROW("commitment", "id, organization_id, name, target, status, pledged_on, due",
                  "(?, ?, ?, ?, ?, ?, ?, ?)"),
    CAIRN_NUMBERED_ROWS("progress_report", "due, submitted, text", "(?, ?, ?, ?, ?)"),
}};

#undef CAIRN_ONE_ROW
#undef CAIRN_NUMBERED_ROWS
#undef CAIRN_KEYED_BY_VALUE

}  // namespace cairn
