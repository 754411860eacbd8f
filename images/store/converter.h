#pragma once
#include "common/model/deadline.h"
#include "images/formats/formats.h"
#include "images/store/store_settings.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace bm::images {

/// Foreign formats, touched only in confined children (bm-convert). Copies of it may be used at the same
/// time.
class Converter {
public:
    /// @throws Error NotFound (bm-convert is not installed)
    explicit Converter(const StoreSettings& settings);

    /// Called while a child works; may throw to end it.
    using Tick = std::function<void()>;
    using Sink = std::function<void(std::span<const std::byte>)>;

    /// Decompresses what @p sourceFd holds from its current offset on; the offset moves as it is read.
    /// @throws Error ImageCorrupt, ImageTooLarge (more than @p limitBytes come out), ImageUnsupported
    void decompress(int sourceFd, std::uint64_t limitBytes, const Sink& sink, const Tick& tick,
                    const model::Deadline& deadline) const;
    /// The archive of files that @p sourceFd holds (read from its begin) as a canonical pax archive, and what
    /// is in it as a JSON object in @p describeFile, an empty file.
    /// @return false: layers in a compressed archive, which has to be decompressed first; nothing came out
    /// @throws Error ImageCorrupt, ImageTooLarge, ImageUnsupported (what would lead outside of the tree ...)
    bool convertTree(int sourceFd, std::uint64_t limitBytes, const std::filesystem::path& describeFile,
                     const Sink& sink, const Tick& tick, const model::Deadline& deadline) const;
    /// Consistency of a file that inspectDisk() accepted, where qemu-img can check its format.
    /// @throws Error ImageCorrupt (also when cut off)
    void check(DiskFormat format, const std::filesystem::path& file, const model::Deadline& deadline) const;
    /// Makes the raw image of such a file in @p target, an existing file of the right length with nothing in
    /// it.
    /// @param onFraction  0 to 1
    void convert(DiskFormat format, const std::filesystem::path& file, const std::filesystem::path& target,
                 std::uint64_t rawBytes, const std::function<void(double)>& onFraction, const Tick& tick,
                 const model::Deadline& deadline) const;

private:
    std::string helper_;
    std::string qemuImg_;
};

} // namespace bm::images
