#pragma once
#include <filesystem>

namespace bm::db {

/// A folder for a database that need not outlive the process: in RAM (/dev/shm) where that is to be had, else
/// in TMPDIR. Removed at the end; what a killed process left behind is removed by the next one.
class VolatileFile {
public:
    VolatileFile();
    ~VolatileFile();
    VolatileFile(const VolatileFile&) = delete;
    VolatileFile& operator=(const VolatileFile&) = delete;
    std::filesystem::path path() const { return folder_ / "bm.sqlite"; }

private:
    std::filesystem::path folder_;
};

} // namespace bm::db
