#pragma once
#include "common/model/clock.h"
#include "db/engine/database.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bm::db {

/// The rows of a log (events, audit records) that stay. A row goes by any of the two.
struct Retention {
    std::optional<model::UtcTime> since{}; ///< rows before go
    std::optional<std::size_t> mostRows{}; ///< rows but the newest so many go
};

/// The last row of @p table that goes, by its sequence; 0: none. The newest row stays always: readers
/// continue from its sequence. @p table has the columns sequence and at. Reads every row that goes: call it
/// outside of the writer.
std::int64_t lastRowToPrune(Transaction& tx, std::string_view table, const Retention& retention);
/// The @p limit-th oldest row of @p table, or its last one up to @p end, by its sequence; 0: none.
std::int64_t endOfPiece(Transaction& tx, std::string_view table, std::int64_t end, std::size_t limit);

} // namespace bm::db
