#pragma once
#include <filesystem>

namespace bm::db::sqlite {

/// A folder for a database that is deleted with the process: in RAM (/dev/shm) if that is a tmpfs, else in
/// TMPDIR. The destructor deletes it; the next VolatileFile deletes the folders of killed processes.
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
