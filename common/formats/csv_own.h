// Cairn's own CSV; the rules stand in csv.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/formats/csv_table.h"
#include "common/formats/record_reader.h"

namespace cairn {

// True for the header of Cairn's own CSV: a sheet without its last column is read as any other.
bool IsOwnCsv(const std::vector<std::string>& headers);

std::unique_ptr<RecordReader> MakeOwnCsvReader(CsvTable table, const ReaderContext& context);

}  // namespace cairn
