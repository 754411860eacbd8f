#pragma once
#include "bmd/core.h"

namespace bm::bmd {

/// Registers gauges that are read at every scrape: memory, CPU, database file, event streams, version. @p
/// core must outlive the last scrape.
void measureProcess(Core& core, const std::filesystem::path& databaseFile);

} // namespace bm::bmd
