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
#include <string_view>
#include <vector>

namespace bm::images {

/// Converts foreign formats in confined children (bm-convert). Copies of this object may work in parallel.
class Converter {
public:
    /// @throws Error NotFound (bm-convert is not installed)
    explicit Converter(const StoreSettings& settings);

    /// Called while a child works; an exception ends the child.
    using Tick = std::function<void()>;
    using Sink = std::function<void(std::span<const std::byte>)>;

    /// Decompresses @p sourceFd from its begin.
    /// @return a note about bytes behind the end of the compressed data that it ignored; usually ""
    /// @throws Error ImageCorrupt, ImageTooLarge (more than @p limitBytes of output), ImageUnsupported
    std::string decompress(int sourceFd, std::uint64_t limitBytes, const Sink& sink, const Tick& tick,
                           const model::Deadline& deadline) const;
    /// Converts the archive in @p sourceFd (read from its begin) to a canonical pax archive, and describes
    /// its content as a JSON object in @p describeFile, an empty file.
    /// @return false when layers are in a compressed archive, which must be decompressed first; without
    ///   output
    /// @throws Error ImageCorrupt, ImageTooLarge, ImageUnsupported (such as an entry outside the tree)
    bool convertTree(int sourceFd, std::uint64_t limitBytes, const std::filesystem::path& describeFile,
                     const Sink& sink, const Tick& tick, const model::Deadline& deadline) const;
    /// Checks the consistency of a file that inspectDisk() accepted, when qemu-img has a check for its
    /// format.
    /// @throws Error ImageCorrupt (damaged or truncated)
    void check(DiskFormat format, const std::filesystem::path& file, const model::Deadline& deadline) const;
    /// Converts such a file to a raw image in @p target, an existing file of the right length without data.
    /// @param onFraction  0 to 1
    void convert(DiskFormat format, const std::filesystem::path& file, const std::filesystem::path& target,
                 std::uint64_t rawBytes, const std::function<void(double)>& onFraction, const Tick& tick,
                 const model::Deadline& deadline) const;

private:
    /// The arguments of bm-convert that begin with @p verb.
    std::vector<std::string> helperArguments(std::string_view verb, std::vector<std::string> rest) const;

    std::string helper_;
    std::string qemuImg_;
    bool withoutLandlock_;
};

} // namespace bm::images
