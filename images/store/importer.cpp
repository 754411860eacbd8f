#include "images/store/importer.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/text/text.h"
#include "images/base/confined_child.h"
#include "images/base/disk_space.h"
#include "images/blocks/block_writer.h"
#include "images/formats/boot_archive.h"
#include "images/formats/disk_inspection.h"
#include "images/formats/formats.h"
#include "images/formats/iso9660.h"
#include "images/formats/vhd_header.h"
#include "images/sources/checksum.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kImportPieceBytes = std::size_t{1} << 20U;
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

/// Exceptions that end the child when its output is an archive of files or a RAM disk, which are read in
/// another way.
struct TreeFound {};
struct RamdiskFound {};

bool looksLikeRamdisk(std::span<const std::byte> head)
{
    return looksLikeIso(head) || looksLikeBootArchive(head);
}

} // namespace

/// Receives decompressed bytes. Its begin decides the format: raw bytes go into blocks (their last sector may
/// be a footer), other formats into a file for qemu-img.
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
        if (format_ != DiskFormat::Raw) {
            file_ = platform::Fd();
            StoredImage stored = importer_.convertAndCompress(format_, path(), sourceBytes);
            stored.sourceFormat = toText(format_);
            return stored;
        }
        const bool vhd = endsInVhdFooter();
        if (!vhd)
            writer_->write(tail_);
        checkRawLength(head_, vhd ? total_ - tail_.size() : total_);
        StoredImage stored = importer_.finish(*writer_);
        stored.sourceFormat = toText(vhd ? DiskFormat::Vhd : DiskFormat::Raw);
        return stored;
    }

private:
    std::filesystem::path path() const
    {
        return importer_.folder_ / fmt::format("inner.{}", toText(format_));
    }

    bool endsInVhdFooter() const
    {
        refuseFooter(tail_);
        return tail_.size() == kSectorBytes && parseVhdFooter(tail_, total_ - kSectorBytes).has_value();
    }

    void decide()
    {
        if (importer_.mayBeRamdisk_ && looksLikeRamdisk(head_))
            throw RamdiskFound{};
        if (importer_.mayBeTree_ && looksLikeArchive(head_))
            throw TreeFound{};
        format_ = identify(head_);
        decided_ = true;
        if (format_ != DiskFormat::Raw) {
            inspectHead(format_, head_, importer_.settings_.maxImageBytes);
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
            putRaw(bytes);
        else
            writeAll(file_.get(), bytes, "writing the decompressed image");
    }

    /// Writes all bytes except the last sector, which tail_ keeps.
    void putRaw(std::span<const std::byte> bytes)
    {
        const std::size_t kept = std::min<std::size_t>(bytes.size(), kSectorBytes);
        const std::size_t surplus =
            tail_.size() + kept > kSectorBytes ? tail_.size() + kept - kSectorBytes : 0;
        writer_->write(std::span(tail_).first(surplus));
        tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(surplus));
        writer_->write(bytes.first(bytes.size() - kept));
        const auto last = bytes.last(kept);
        tail_.insert(tail_.end(), last.begin(), last.end());
    }

    Importer& importer_;
    std::vector<std::byte> head_;
    std::vector<std::byte> tail_;
    std::uint64_t total_ = 0;
    bool decided_ = false;
    DiskFormat format_ = DiskFormat::Raw;
    platform::Fd file_;
    std::unique_ptr<BlockWriter> writer_; ///< declared after file_, which it borrows
};

Importer::Importer(const StoreSettings& settings, std::filesystem::path folder,
                   const ImportListener& onProgress, const model::Deadline& deadline)
    : settings_(settings), folder_(std::move(folder)), onProgress_(onProgress), deadline_(deadline),
      converter_(settings)
{}

StoredImage Importer::run(const ImportRequest& request)
{
    StoredImage stored = import(request);
    if (notes_.empty())
        return stored;
    for (const std::string& note : notes_)
        platform::logInfo("images", "{}: {}", request.file.filename().string(), note);
    nlohmann::json description = nlohmann::json::parse(stored.description.text);
    description["notes"] = notes_;
    stored.description.text = description.dump();
    return stored;
}

StoredImage Importer::import(const ImportRequest& request)
{
    const SourceFile source(request.file);
    report("inspecting", 0, source.sizeBytes());
    checkpoint();
    verifyChecksum(source, request.expectedChecksum);
    const std::vector<std::byte> head = source.read(0, kHeadBytes);
    const bool wantsTree = request.kind == model::ImageKind::Tree;
    mayBeTree_ = request.kind.value_or(model::ImageKind::Tree) == model::ImageKind::Tree;
    mayBeRamdisk_ = request.kind.value_or(model::ImageKind::Ramdisk) == model::ImageKind::Ramdisk;
    if (request.kind == model::ImageKind::Ramdisk || (mayBeRamdisk_ && looksLikeRamdisk(head)))
        return importRamdisk(source);
    if (wantsTree || (mayBeTree_ && looksLikeArchive(head)))
        return importTree(source, wantsTree);
    if (detectCompression(head) != Compression::None)
        return importCompressed(source);
    if (const DiskFormat format = identify(head); format != DiskFormat::Raw)
        return importDisk(format, source);
    return importRaw(source);
}

void Importer::recordNote(std::string note)
{
    if (!note.empty())
        notes_.push_back(std::move(note));
}

void Importer::verifyChecksum(const SourceFile& source, const std::string& expected)
{
    const std::optional<Checksum> checksum = parseChecksum(expected);
    if (!checksum)
        return;
    Digest digest(checksum->kind);
    std::vector<std::byte> piece(kImportPieceBytes);
    for (std::uint64_t at = 0; at < source.sizeBytes();) {
        throwIfOver(deadline_);
        const std::size_t count = source.readSome(at, piece);
        digest.update(std::span(piece).first(count));
        at += count;
        report("inspecting", at, source.sizeBytes());
    }
    if (const std::string found = digest.hex(); found != checksum->hex) {
        // The requester of a fetch must not learn the digest of a foreign file: only the log has it.
        platform::logWarning("images", "the file's checksum is {}, but {} is expected", found, checksum->hex);
        throw Error(ErrorCode::ChecksumMismatch, "the file's checksum differs from the expected one",
                    "use the checksum of the file itself, compressed or not; bmd's log has both");
    }
}

StoredImage Importer::importRaw(const SourceFile& source)
{
    std::uint64_t rawBytes = source.sizeBytes();
    DiskFormat format = DiskFormat::Raw;
    if (rawBytes > kSectorBytes) {
        const std::vector<std::byte> tail = source.read(rawBytes - kSectorBytes, kSectorBytes);
        refuseFooter(tail);
        if (parseVhdFooter(tail, rawBytes - kSectorBytes)) { // a fixed VHD: the raw disk, then the footer
            format = DiskFormat::Vhd;
            rawBytes -= kSectorBytes;
        }
    }
    checkSize(rawBytes);
    checkRawLength(source.read(0, kHeadBytes), rawBytes);
    StoredImage stored = compressRaw(source, rawBytes, source.sizeBytes());
    stored.sourceFormat = toText(format);
    return stored;
}

/// Imports the formats that qemu-img reads.
StoredImage Importer::importDisk(DiskFormat format, const SourceFile& source)
{
    inspectDisk(format, source, settings_.maxImageBytes);
    checkpoint(source.sizeBytes());
    StoredImage stored = convertAndCompress(format, ownCopy(format, source), source.sizeBytes());
    stored.sourceFormat = toText(format);
    return stored;
}

StoredImage Importer::importCompressed(const SourceFile& source)
{
    const Compression compression = detectCompression(source.read(0, kHeadBytes));
    checkpoint(source.sizeBytes());
    bool tree = false;
    bool ramdisk = false;
    StoredImage stored;
    try {
        stored = unpack(source);
    } catch (const TreeFound&) {
        tree = true;
    } catch (const RamdiskFound&) {
        ramdisk = true;
    }
    if (tree)
        return importTree(source, false);
    if (ramdisk)
        return importRamdisk(source);
    stored.sourceFormat = fmt::format("{}+{}", stored.sourceFormat, toText(compression));
    return stored;
}

StoredImage Importer::unpack(const SourceFile& source)
{
    Unpacked unpacked(*this);
    const auto tick = [this, &source] {
        checkpoint();
        const off_t at = ::lseek(source.fd(), 0, SEEK_CUR); // the child shares the file offset
        report("converting", at < 0 ? 0 : static_cast<std::uint64_t>(at), source.sizeBytes());
    };
    recordNote(converter_.decompress(
        source.fd(), settings_.maxImageBytes,
        [&unpacked](std::span<const std::byte> bytes) { unpacked.take(bytes); }, tick, deadline_));
    return unpacked.end(source.sizeBytes());
}

/// Copies the source into the import's folder unless it is there. The confined qemu-img opens a file by path,
/// and it must be the inspected file.
std::filesystem::path Importer::ownCopy(DiskFormat format, const SourceFile& source)
{
    std::error_code ignored;
    const std::filesystem::path parent =
        std::filesystem::weakly_canonical(source.path(), ignored).parent_path();
    if (parent == std::filesystem::weakly_canonical(settings_.folder / "incoming", ignored))
        return std::filesystem::weakly_canonical(source.path(), ignored);
    std::filesystem::path path = folder_ / fmt::format("source.{}", toText(format));
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
        const std::vector<std::byte> piece = source.read(at, kImportPieceBytes);
        writeAll(target.get(), piece, "copying the image");
        at += piece.size();
    }
    return path;
}

StoredImage Importer::convertAndCompress(DiskFormat format, const std::filesystem::path& file,
                                         std::uint64_t total)
{
    const InspectedDisk disk = inspectDisk(format, SourceFile(file), settings_.maxImageBytes);
    const std::uint64_t rawBytes = (disk.sizeBytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
    report("converting", 0, total);
    if (disk.staleCounts)
        notes_.emplace_back("the qcow2 file was not closed cleanly; its data is whole");
    else
        converter_.check(format, file, deadline_);
    const std::filesystem::path path = folder_ / "raw";
    const platform::Fd target = createFile(path);
    if (::ftruncate(target.get(), static_cast<off_t>(rawBytes)) != 0)
        throwWriteFailed("making the raw image", errno);
    const auto onFraction = [this, total](double fraction) {
        report("converting", static_cast<std::uint64_t>(fraction * static_cast<double>(total)), total);
    };
    converter_.convert(
        format, file, path, rawBytes, onFraction, [this] { checkpoint(); }, deadline_);
    if (file.parent_path() == folder_)
        std::filesystem::remove(file); // free its disk space
    const SourceFile raw(path);
    checkRawLength(raw.read(0, kHeadBytes), raw.sizeBytes());
    return compressRaw(raw, raw.sizeBytes(), total);
}

/// @param total  the bytes of the original source, for the progress
StoredImage Importer::compressRaw(const SourceFile& raw, std::uint64_t rawBytes, std::uint64_t total)
{
    const platform::Fd out = createFile(blocksFile());
    BlockWriter writer(out.get(), writerSettings(settings_));
    const double scale =
        static_cast<double>(total) / static_cast<double>(std::max<std::uint64_t>(rawBytes, 1));
    std::uint64_t checked = 0;
    std::uint64_t at = 0;
    std::uint64_t dataEnd = 0; // end of the extent being read
    while (at < rawBytes) {
        if (at >= dataEnd) {
            const SourceFile::Extent data = raw.nextData(at);
            const std::uint64_t begin = std::min(data.begin, rawBytes);
            dataEnd = std::min(data.end, rawBytes);
            writer.skip(begin - at);
            at = begin;
            continue;
        }
        const std::span<std::byte> room = writer.buffer();
        const std::size_t count =
            raw.readSome(at, room.first(std::min<std::uint64_t>(room.size(), dataEnd - at)));
        writer.advance(count);
        at += count;
        report("compressing", static_cast<std::uint64_t>(static_cast<double>(at) * scale), total);
        if (at - checked >= kCheckpointBytes) {
            checkpoint();
            checked = at;
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
    stored.manifestSha256 = text::toHex(sha256(std::as_bytes(std::span(text))));
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
    checkFreeSpace(folder_, settings_.reserveBytes, moreBytes);
}

void Importer::checkSize(std::uint64_t rawBytes) const
{
    if (rawBytes > settings_.maxImageBytes)
        throw Error(
            ErrorCode::ImageTooLarge,
            fmt::format("the image has {} bytes, but the limit is {}", rawBytes, settings_.maxImageBytes),
            "shrink the image, or raise the limit (bmd --print-config)");
}

} // namespace bm::images
