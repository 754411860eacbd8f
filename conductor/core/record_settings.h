#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace bm::conductor {

/// The limits of the event log and of the audit log, and the disk space that is reserved for bmd's own rows.
/// Keys `database.*` of bmd.yaml; 0: no limit.
struct RecordSettings {
    std::chrono::milliseconds eventsAge = std::chrono::hours{24 * 90};
    std::size_t eventsRows = 2'000'000;
    std::chrono::milliseconds auditAge = std::chrono::hours{24 * 730};
    std::size_t auditRows = 2'000'000;
    /// With less free space in `folder` bmd stores no row that strangers cause.
    std::uint64_t reserveBytes = std::uint64_t{1} << 30U;
    std::filesystem::path folder{}; ///< of the database; empty: it has none, so no reserve
};

} // namespace bm::conductor
