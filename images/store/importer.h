#pragma once
#include "images/sources/source_file.h"
#include "images/store/converter.h"
#include "images/store/import_request.h"
#include "images/store/store_settings.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bm::images {

class BlockWriter;
using ImportListener = std::function<void(const ImportProgress&)>;

/// One import in a folder of its own: inspects, converts, writes blocks.zst and manifest, and syncs both. The
/// store publishes them. Use it once, from one thread.
class Importer {
public:
    /// @p folder exists, is empty and lies in the store's incoming folder. The caller removes it.
    Importer(const StoreSettings& settings, std::filesystem::path folder, const ImportListener& onProgress,
             const model::Deadline& deadline);
    /// As ImageStore::import().
    StoredImage run(const ImportRequest& request);

    std::filesystem::path blocksFile() const { return folder_ / "blocks.zst"; }
    std::filesystem::path manifestFile() const { return folder_ / "manifest"; }

private:
    class Unpacked;

    StoredImage import(const ImportRequest& request);
    void recordNote(std::string note);
    void verifyChecksum(const SourceFile& source, const std::string& expected);
    StoredImage importRaw(const SourceFile& source);
    StoredImage importDisk(DiskFormat format, const SourceFile& source);
    StoredImage importCompressed(const SourceFile& source);
    StoredImage convertAndCompress(DiskFormat format, const std::filesystem::path& file, std::uint64_t total);
    StoredImage compressRaw(const SourceFile& raw, std::uint64_t rawBytes, std::uint64_t total);
    StoredImage unpack(const SourceFile& source);
    StoredImage importRamdisk(const SourceFile& source);
    StoredImage importTree(const SourceFile& source, bool explicitly);
    bool convertTree(const SourceFile& source, StoredImage& stored);
    std::filesystem::path decompressed(const SourceFile& source);
    StoredImage finish(BlockWriter& writer);
    std::filesystem::path ownCopy(DiskFormat format, const SourceFile& source);

    void report(const char* phase, std::uint64_t done, std::uint64_t total);
    void checkpoint(std::uint64_t moreBytes = 0) const; ///< throws when stopped, late or out of disk space
    void checkSize(std::uint64_t rawBytes) const;

    const StoreSettings& settings_;
    std::filesystem::path folder_;
    const ImportListener& onProgress_;
    const model::Deadline& deadline_;
    Converter converter_;
    bool mayBeTree_ = true;
    bool mayBeRamdisk_ = true;
    std::vector<std::string> notes_; ///< about the source, for the image's description; usually empty
    std::string lastPhase_;
    std::chrono::steady_clock::time_point reportedAt_{};
};

} // namespace bm::images
