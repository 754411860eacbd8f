#include "images/importer.h"

#include "common/model/error.h"
#include "images/blocks/block_writer.h"
#include "images/checksum.h"
#include "images/confined_child.h"
#include "images/formats.h"
#include "images/qcow2_clusters.h"
#include "images/qcow2_header.h"
#include "images/room.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{16} << 20U;
constexpr std::chrono::milliseconds kReportEvery{200};

platform::Fd createFile(const std::filesystem::path& path)
{
    platform::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd)
        throwWriteFailed("creating " + path.string(), errno);
    return fd;
}

void writeAll(int fd, std::span<const std::byte> bytes, const char* doing)
{
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throwWriteFailed(doing, errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

void writeSynced(const std::filesystem::path& path, const std::string& text)
{
    const platform::Fd fd = createFile(path);
    writeAll(fd.get(), std::as_bytes(std::span(text)), "writing the manifest");
    if (::fsync(fd.get()) != 0)
        throwWriteFailed("syncing the manifest", errno);
}

BlockWriterSettings writerSettings(const StoreSettings& settings)
{
    return {.compressionLevel = settings.compressionLevel, .threads = settings.compressionThreads};
}

} // namespace

/// Where decompressed bytes go: looked at once their begin is known, then into blocks (raw) or a file
/// (qcow2).
class Importer::Unpacked {
public:
    explicit Unpacked(Importer& importer) : importer_(importer) {}

    void take(std::span<const std::byte> bytes)
    {
        total_ += bytes.size();
        if (decided_) {
            put(bytes);
            return;
        }
        head_.insert(head_.end(), bytes.begin(), bytes.end());
        if (head_.size() >= kHeadBytes)
            decide();
    }

    StoredImage end(std::uint64_t sourceBytes)
    {
        if (!decided_)
            decide();
        if (format_ == DiskFormat::Qcow2) {
            file_ = platform::Fd();
            StoredImage stored = importer_.convertAndCompress(path(), sourceBytes);
            stored.sourceFormat = "qcow2";
            return stored;
        }
        checkRawLength(head_, total_);
        StoredImage stored = importer_.finish(*writer_);
        stored.sourceFormat = "raw";
        return stored;
    }

private:
    std::filesystem::path path() const { return importer_.folder_ / "inner.qcow2"; }

    void decide()
    {
        format_ = identify(head_);
        decided_ = true;
        if (format_ == DiskFormat::Qcow2) {
            parseQcow2Header(head_, UINT64_MAX, importer_.settings_.maxImageBytes);
            file_ = createFile(path());
        } else {
            file_ = createFile(importer_.blocksFile());
            writer_ = std::make_unique<BlockWriter>(file_.get(), writerSettings(importer_.settings_));
        }
        put(head_);
    }

    void put(std::span<const std::byte> bytes)
    {
        if (writer_)
            writer_->write(bytes);
        else
            writeAll(file_.get(), bytes, "writing the decompressed image");
    }

    Importer& importer_;
    std::vector<std::byte> head_;
    std::uint64_t total_ = 0;
    bool decided_ = false;
    DiskFormat format_ = DiskFormat::Raw;
    platform::Fd file_;
    std::unique_ptr<BlockWriter> writer_; ///< after file_, which it borrows
};

Importer::Importer(const StoreSettings& settings, std::filesystem::path folder,
                   const ImportListener& onProgress, const model::Deadline& deadline)
    : settings_(settings), folder_(std::move(folder)), onProgress_(onProgress), deadline_(deadline),
      converter_(settings)
{}

StoredImage Importer::run(const ImportRequest& request)
{
    const SourceFile source(request.file);
    report("inspecting", 0, source.sizeBytes());
    checkpoint();
    verifyChecksum(source, request.expectedChecksum);
    const std::vector<std::byte> head = source.read(0, kHeadBytes);
    if (detectCompression(head) != Compression::None)
        return importCompressed(source);
    if (identify(head) == DiskFormat::Qcow2)
        return importQcow2(source);
    return importRaw(source);
}

void Importer::verifyChecksum(const SourceFile& source, const std::string& expected)
{
    const std::optional<Checksum> checksum = parseChecksum(expected);
    if (!checksum)
        return;
    Digest digest(checksum->kind);
    std::vector<std::byte> piece(kPieceBytes);
    for (std::uint64_t at = 0; at < source.sizeBytes();) {
        throwIfOver(deadline_);
        const std::size_t count = source.readSome(at, piece);
        digest.update(std::span(piece).first(count));
        at += count;
        report("inspecting", at, source.sizeBytes());
    }
    if (const std::string found = digest.hex(); found != checksum->hex)
        throw Error(ErrorCode::ChecksumMismatch,
                    fmt::format("the image's checksum is {}, expected was {}", found, checksum->hex),
                    "fetch it again, and take the checksum of the file as it is (compressed, if it is)");
}

StoredImage Importer::importRaw(const SourceFile& source)
{
    checkSize(source.sizeBytes());
    checkRawLength(source.read(0, kHeadBytes), source.sizeBytes());
    refuseFooter(source.read(source.sizeBytes() - kSectorBytes, kSectorBytes));
    StoredImage stored = compressRaw(source, source.sizeBytes());
    stored.sourceFormat = "raw";
    return stored;
}

StoredImage Importer::importQcow2(const SourceFile& source)
{
    parseQcow2Header(source.read(0, kHeadBytes), source.sizeBytes(), settings_.maxImageBytes);
    checkpoint(source.sizeBytes());
    StoredImage stored = convertAndCompress(ownCopy(source), source.sizeBytes());
    stored.sourceFormat = "qcow2";
    return stored;
}

StoredImage Importer::importCompressed(const SourceFile& source)
{
    const Compression compression = detectCompression(source.read(0, kHeadBytes));
    checkpoint(source.sizeBytes());
    Unpacked unpacked(*this);
    const auto tick = [this, &source] {
        checkpoint();
        const off_t at = ::lseek(source.fd(), 0, SEEK_CUR); // shared with the child
        report("converting", at < 0 ? 0 : static_cast<std::uint64_t>(at), source.sizeBytes());
    };
    converter_.decompress(
        source.fd(), settings_.maxImageBytes,
        [&unpacked](std::span<const std::byte> bytes) { unpacked.take(bytes); }, tick, deadline_);
    StoredImage stored = unpacked.end(source.sizeBytes());
    stored.sourceFormat = fmt::format("{}+{}", stored.sourceFormat, toText(compression));
    return stored;
}

/// qemu-img opens by path and confined, and what it opens must be what was looked at: a file elsewhere is
/// copied.
std::filesystem::path Importer::ownCopy(const SourceFile& source)
{
    std::error_code ignored;
    const std::filesystem::path parent =
        std::filesystem::weakly_canonical(source.path(), ignored).parent_path();
    if (parent == std::filesystem::weakly_canonical(settings_.folder / "incoming", ignored))
        return std::filesystem::weakly_canonical(source.path(), ignored);
    const std::filesystem::path path = folder_ / "source.qcow2";
    const platform::Fd target = createFile(path);
    for (std::uint64_t at = 0; at < source.sizeBytes();) {
        checkpoint();
        off_t from = static_cast<off_t>(at);
        const ssize_t count =
            ::copy_file_range(source.fd(), &from, target.get(), nullptr, kCheckpointBytes, 0);
        if (count > 0) {
            at += static_cast<std::uint64_t>(count);
            continue;
        }
        if (count < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
            throwWriteFailed("copying the image", errno);
        const std::vector<std::byte> piece = source.read(at, kPieceBytes);
        writeAll(target.get(), piece, "copying the image");
        at += piece.size();
    }
    return path;
}

StoredImage Importer::convertAndCompress(const std::filesystem::path& file, std::uint64_t total)
{
    std::uint64_t rawBytes = 0;
    {
        const SourceFile inner(file);
        const Qcow2Header header =
            parseQcow2Header(inner.read(0, kHeadBytes), inner.sizeBytes(), settings_.maxImageBytes);
        checkQcow2Clusters(inner, header);
        rawBytes = (header.virtualBytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
    }
    report("converting", 0, total);
    converter_.checkQcow2(file, deadline_);
    const std::filesystem::path path = folder_ / "raw";
    const platform::Fd target = createFile(path);
    if (::ftruncate(target.get(), static_cast<off_t>(rawBytes)) != 0)
        throwWriteFailed("making the raw image", errno);
    const auto onFraction = [this, total](double fraction) {
        report("converting", static_cast<std::uint64_t>(fraction * static_cast<double>(total)), total);
    };
    converter_.convertQcow2(
        file, path, rawBytes, onFraction, [this] { checkpoint(); }, deadline_);
    if (file.parent_path() == folder_)
        std::filesystem::remove(file); // its room is needed now
    const SourceFile raw(path);
    checkRawLength(raw.read(0, kHeadBytes), raw.sizeBytes());
    return compressRaw(raw, total);
}

/// @p total: what progress is counted in, the bytes of the source as given.
StoredImage Importer::compressRaw(const SourceFile& raw, std::uint64_t total)
{
    const platform::Fd out = createFile(blocksFile());
    BlockWriter writer(out.get(), writerSettings(settings_));
    const double scale =
        static_cast<double>(total) / static_cast<double>(std::max<std::uint64_t>(raw.sizeBytes(), 1));
    std::uint64_t checked = 0;
    std::uint64_t at = 0;
    while (at < raw.sizeBytes()) {
        const SourceFile::Extent data = raw.nextData(at);
        writer.skip(data.begin - at);
        at = data.begin;
        while (at < data.end) {
            const std::span<std::byte> room = writer.room();
            const std::size_t count =
                raw.readSome(at, room.first(std::min<std::uint64_t>(room.size(), data.end - at)));
            writer.advance(count);
            at += count;
            report("compressing", static_cast<std::uint64_t>(static_cast<double>(at) * scale), total);
            if (at - checked >= kCheckpointBytes) {
                checkpoint();
                checked = at;
            }
        }
    }
    report("compressing", total, total);
    return finish(writer);
}

StoredImage Importer::finish(BlockWriter& writer)
{
    report("syncing", writer.rawBytes(), writer.rawBytes());
    const Manifest manifest = writer.finish();
    checkpoint();
    const std::string text = serialise(manifest);
    writeSynced(manifestFile(), text);
    StoredImage stored;
    stored.contentId = manifest.contentId();
    stored.manifestSha256 = toHex(sha256(std::as_bytes(std::span(text))));
    stored.sizeBytes = manifest.sizeBytes;
    stored.storedBytes = manifest.storedBytes;
    stored.dataBytes = manifest.dataBytes();
    return stored;
}

void Importer::report(const char* phase, std::uint64_t done, std::uint64_t total)
{
    const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    if (!onProgress_ || (lastPhase_ == phase && now - reportedAt_ < kReportEvery && done != total))
        return;
    lastPhase_ = phase;
    reportedAt_ = now;
    onProgress_({.sourceBytes = done, .sourceTotal = total, .phase = phase});
}

void Importer::checkpoint(std::uint64_t moreBytes) const
{
    throwIfOver(deadline_);
    checkRoom(folder_, settings_.reserveBytes, moreBytes);
}

void Importer::checkSize(std::uint64_t rawBytes) const
{
    if (rawBytes > settings_.maxImageBytes)
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("an image of {} bytes, the limit is {}", rawBytes, settings_.maxImageBytes),
                    "shrink the image, or raise the limit (bmd --print-config)");
}

} // namespace bm::images
