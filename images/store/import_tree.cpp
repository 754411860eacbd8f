// Trees: bm-convert turns an archive of files into a canonical pax archive, which is stored in blocks like a
// disk image.
#include "common/model/error.h"
#include "images/base/confined_child.h"
#include "images/base/disk_space.h"
#include "images/blocks/block_writer.h"
#include "images/formats/formats.h"
#include "images/store/importer.h"

#include <cerrno>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace bm::images {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kDescriptionLimit = std::size_t{4} << 20U;

platform::Fd emptyFile(const std::filesystem::path& path)
{
    platform::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd)
        throwWriteFailed("creating " + path.string(), errno);
    return fd;
}

std::string formatOf(const nlohmann::json& description, Compression compression)
{
    const std::string format = description.value("format", "tar");
    return compression == Compression::None ? format : format + "+" + std::string(toText(compression));
}

/// Refuses an archive that is not a root file system. Usually it is packed one folder too deep, or contains a
/// disk image.
void checkIsRoot(const nlohmann::json& description)
{
    if (!description.value("root", false))
        throw Error(ErrorCode::ImageUnsupported,
                    "this is a " + description.value("format", "tar") +
                        " archive without etc/, usr/ or bin/, so not a root file system",
                    "unpack a disk image first; pack a tree from inside its root "
                    "(tar -C ROOT -c .); --kind tree imports it unchanged");
}

} // namespace

StoredImage Importer::importTree(const SourceFile& source, bool explicitly)
{
    checkpoint(source.sizeBytes());
    StoredImage stored;
    if (!convertTree(source, stored)) {
        const SourceFile plain(decompressed(source));
        if (!convertTree(plain, stored))
            throw Error(ErrorCode::ImageUnsupported, "layers are in an archive that is compressed twice",
                        "compress it once");
        std::filesystem::remove(plain.path());
    }
    const nlohmann::json description = nlohmann::json::parse(stored.description.text);
    if (!explicitly)
        checkIsRoot(description);
    stored.kind = model::ImageKind::Tree;
    stored.sourceFormat = formatOf(description, detectCompression(source.read(0, kHeadBytes)));
    return stored;
}

/// @return false when the archive must be decompressed first
bool Importer::convertTree(const SourceFile& source, StoredImage& stored)
{
    const std::filesystem::path describe = folder_ / "description";
    emptyFile(describe);
    const platform::Fd blocks = emptyFile(blocksFile());
    BlockWriter writer(blocks.get(), {.compressionLevel = settings_.compressionLevel,
                                      .threads = settings_.compressionThreads});
    const auto tick = [this, &source] {
        checkpoint();
        const off_t at = ::lseek(source.fd(), 0, SEEK_CUR); // the child shares the file offset
        report("converting", at < 0 ? 0 : static_cast<std::uint64_t>(at), source.sizeBytes());
    };
    if (!converter_.convertTree(
            source.fd(), settings_.maxImageBytes, describe,
            [&writer](std::span<const std::byte> bytes) { writer.write(bytes); }, tick, deadline_))
        return false;
    stored = finish(writer);
    stored.description.text = platform::readFile(describe, kDescriptionLimit);
    return true;
}

/// Decompresses the archive to a file: layers are read several times and in their own order.
std::filesystem::path Importer::decompressed(const SourceFile& source)
{
    std::filesystem::path path = folder_ / "plain";
    const platform::Fd target = emptyFile(path);
    recordNote(converter_.decompress(
        source.fd(), settings_.maxImageBytes,
        [&target](std::span<const std::byte> bytes) {
            while (!bytes.empty()) {
                const ssize_t count = ::write(target.get(), bytes.data(), bytes.size());
                if (count < 0 && errno == EINTR)
                    continue;
                if (count < 0)
                    throwWriteFailed("decompressing the archive", errno);
                bytes = bytes.subspan(static_cast<std::size_t>(count));
            }
        },
        [this] { checkpoint(); }, deadline_));
    return path;
}

} // namespace bm::images
