// Parsers of images, archives and what goes with them.
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"
#include "images/base/gunzip.h"
#include "images/blocks/block_record.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/convert/archive_reader.h"
#include "images/convert/refusal.h"
#include "images/convert/tree_acl.h"
#include "images/convert/tree_index.h"
#include "images/convert/tree_layers.h"
#include "images/convert/tree_path.h"
#include "images/formats/boot_archive.h"
#include "images/formats/boot_menu.h"
#include "images/formats/disk_inspection.h"
#include "images/formats/iso9660.h"
#include "images/formats/linux_kernel.h"
#include "images/formats/vhd_header.h"
#include "images/sources/checksum.h"
#include "images/sources/checksum_file.h"
#include "images/sources/source_url.h"
#include "tests/fuzz/target_functions.h"
#include "tests/fuzz/vhdx_pieces.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace bm::fuzz {
namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1}
                                 << 30U; // the parsers walk tables of such an image in milliseconds

void inspect(images::DiskFormat format, const images::ByteSource& source)
{
    try {
        require(images::inspectDisk(format, source, kLimit).sizeBytes <= kLimit);
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
}

/// One's complement of the sum of all bytes, as footer and header want it.
void mendSum(std::span<std::byte> part, std::size_t field)
{
    std::fill_n(part.begin() + static_cast<std::ptrdiff_t>(field), 4, std::byte{0});
    std::uint32_t sum = 0;
    for (const std::byte byte : part)
        sum += std::to_integer<std::uint32_t>(byte);
    for (std::size_t i = 0; i < 4; ++i)
        part[field + i] = static_cast<std::byte>(~sum >> (24 - 8 * i));
}

void findFiles(const images::ByteSource& source, std::string_view text)
{
    try {
        const images::Iso9660 iso(source);
        for (const std::string_view path :
             {"isolinux/isolinux.cfg", "boot/grub/grub.cfg", "boot/vmlinuz", "a/a/a/a"})
            if (const std::optional<images::ByteRange> found = iso.find(path)) {
                require(found->offset + found->bytes <= source.sizeBytes());
                images::inspectKernel(source, *found, "k");
            }
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
    for (const images::BootMenu& menu : {images::grubMenu(text), images::syslinuxMenu(text)})
        for (const images::BootEntry& entry : menu.entries)
            require(!entry.kernel.empty() && !entry.initrds.empty());
}

} // namespace

/// The input's closing hash is corrected, else the parser would refuse nearly all. Accepted bytes are
/// serialised to the same bytes.
void manifest(Bytes bytes)
{
    constexpr std::size_t kHash = 32;
    std::vector<std::byte> mended(bytes.begin(), bytes.end());
    if (mended.size() > kHash) {
        const images::Sha256 hash = images::sha256(Bytes(mended).first(mended.size() - kHash));
        std::ranges::copy(std::as_bytes(std::span(hash)), mended.end() - kHash);
    }
    try {
        const images::Manifest parsed = images::parseManifest(mended);
        const std::string again = images::serialise(parsed);
        require(std::ranges::equal(std::as_bytes(std::span(again)), mended));
        require(parsed.dataBytes() <= parsed.sizeBytes);
    } catch (const model::Error&) {
        return;
    }
}

void qcow2(Bytes bytes)
{
    inspect(images::DiskFormat::Qcow2, images::MemorySource(bytes));
}

void vmdk(Bytes bytes)
{
    inspect(images::DiskFormat::Vmdk, images::MemorySource(bytes));
}

void vhd(Bytes bytes)
{
    constexpr std::size_t kFooter = images::kVhdFooterBytes;
    std::vector<std::byte> mended(bytes.begin(), bytes.end());
    if (mended.size() >= kFooter) {
        mendSum(std::span(mended).first(kFooter), 64);
        if (mended.size() >= kFooter + 1024)
            mendSum(std::span(mended).subspan(kFooter, 1024), 36);
        mended.insert(mended.end(), mended.begin(), mended.begin() + kFooter); // its copy at the end
        try {
            images::parseVhdFooter(Bytes(mended).first(kFooter), bytes.size());
        } catch (const model::Error& refused) {
            require(!refused.hint().empty());
        }
    }
    inspect(images::DiskFormat::Vhd, images::MemorySource(mended));
}

void vhdx(Bytes bytes)
{
    inspect(images::DiskFormat::Vhdx, VhdxPieces(bytes));
}

/// An ISO image from its first descriptor on (the 16 sectors before it say nothing), a boot menu, an archive.
void ramdisk(Bytes bytes)
{
    constexpr std::size_t kSystemArea = std::size_t{16} * 2048;
    std::vector<std::byte> image(kSystemArea);
    image.insert(image.end(), bytes.begin(), bytes.end());
    findFiles(images::MemorySource(image), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const images::MemorySource source(bytes);
    try {
        const images::BootArchive archive = images::readBootArchive(source);
        for (const auto& file : {archive.kernel, archive.initrd})
            require(!file || file->offset + file->bytes <= source.sizeBytes());
    } catch (const model::Error& refused) {
        require(!refused.hint().empty());
    }
    images::looksLikeBootArchive(bytes);
}

/// An archive as bm-convert reads it: headers, names, ACLs, small documents and the layers that they
/// describe.
void tree(Bytes bytes)
{
    const platform::Fd file(::memfd_create("tree", MFD_CLOEXEC));
    require(file && ::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    try {
        images::ArchiveReader reader = images::ArchiveReader::ofFile(file.get());
        images::TreeIndex index({.bytes = kLimit, .entries = 10'000});
        constexpr unsigned kEntriesPerLayer = 4;
        const bool layered = !bytes.empty() && bytes.front() == std::byte{'b'}; // "blobs/..." may be a layer
        images::Documents documents;
        for (unsigned ordinal = 0; archive_entry* entry = reader.next(); ++ordinal) {
            if (ordinal == 0 || (layered && ordinal % kEntriesPerLayer == 0))
                index.beginLayer(layered);
            index.add(entry);
            images::convertAcls(entry, "p", images::AclNames{});
            if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) < 4096)
                documents[images::cleanPath(archive_entry_pathname(entry))] = reader.readAll(4096);
        }
        index.finish();
        for (const auto& [path, name] : index.names())
            require(!path.starts_with('/') && !path.starts_with("../") && path != ".." &&
                    path.find("/../") == std::string::npos);
        images::layersOf(documents, "amd64");
    } catch (const images::Refusal& refused) {
        require(*refused.what() != '\0');
    }
}

/// Descriptions of layers without the archive around them: documents, one a line, "PATH\tJSON".
void layers(Bytes bytes)
{
    images::Documents documents;
    for (std::string_view rest = textOf(bytes); !rest.empty();) {
        const std::string_view line = text::takeLine(rest);
        const std::size_t tab = std::min(line.find('\t'), line.size());
        documents[std::string(line.substr(0, tab))] = line.substr(std::min(tab + 1, line.size()));
    }
    try {
        for (const images::Layer& layer : images::layersOf(documents, "amd64"))
            require(layer.sha256.empty() || text::isLowerHex(layer.sha256, 64));
    } catch (const images::Refusal& refused) {
        require(*refused.what() != '\0');
    }
}

/// Checksum files and lines of passwd(5), checksums, addresses of images.
void imageTexts(Bytes bytes)
{
    const std::string text(textOf(bytes));
    images::AclNames::read(text);
    refusesInWords([&] {
        const std::string found = images::checksumFromFile(text, "disk.qcow2");
        require(images::parseChecksum(found).has_value());
    });
    refusesInWords([&] { images::parseChecksum(text); });
    refusesInWords([&] {
        const images::SourceUrl url = images::parseSourceUrl(text);
        require(!url.url.empty() || !url.bucket.empty() || !url.peer.empty());
    });
}

/// The config drive that Ironic takes, without its base64.
void gzip(Bytes bytes)
{
    std::span<const std::byte> left = bytes;
    std::size_t most = std::size_t{16} << 20U;
    const images::GunzipEnd end = images::gunzip(
        [&](std::span<unsigned char> room) {
            const std::size_t count = std::min(room.size(), left.size());
            std::ranges::copy(left.first(count), std::as_writable_bytes(room).begin());
            left = left.subspan(count);
            return static_cast<std::ptrdiff_t>(count);
        },
        [&](std::span<const unsigned char> piece) {
            most -= std::min(most, piece.size());
            return most > 0;
        });
    require(!end.failure.empty() || end.ignoredBytes <= bytes.size());
}

/// Heads of captured blocks. Accepted heads are written back as they were.
void blockRecord(Bytes bytes)
{
    for (; bytes.size() >= images::kBlockRecordBytes; bytes = bytes.subspan(images::kBlockRecordBytes)) {
        const auto head = bytes.first<images::kBlockRecordBytes>();
        refusesInWords(
            [&] { require(std::ranges::equal(images::toBytes(images::blockRecordFrom(head)), head)); });
    }
}

} // namespace bm::fuzz
