#pragma once
#include <filesystem>

namespace bm::db::sqlite {

/// A folder for a database that ends with the process: in RAM (/dev/shm) where a tmpfs is there, else in
/// TMPDIR. The destructor removes it; the next VolatileFile removes the folders of killed processes.
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

} // namespace bm::db::sqlite
