#include "images/convert/tree_writer.h"

#include "images/convert/refusal.h"
#include "images/convert/tree_path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace bm::images {
namespace {

constexpr std::size_t kLongestAttribute = std::size_t{64} * 1024; // Linux: XATTR_SIZE_MAX
constexpr std::size_t kLongestText = std::size_t{256} * 1024;
constexpr std::size_t kMostKernels = 64;

/// Drops metadata of the packing machine's file system, which is not part of the tree.
void strip(archive_entry* entry)
{
    archive_entry_set_uname(entry, nullptr);
    archive_entry_set_gname(entry, nullptr);
    archive_entry_unset_atime(entry);
    archive_entry_unset_ctime(entry);
    archive_entry_unset_birthtime(entry);
    archive_entry_set_fflags(entry, 0, 0);
    archive_entry_set_dev(entry, 0);
    archive_entry_set_ino(entry, 0);
    archive_entry_set_nlink(entry, 1);
}

/// True if the attribute belongs to a file system. overlayfs marks would hide files on a system that uses
/// overlayfs; the others expose data that the entry also holds elsewhere.
bool isOfTheFileSystem(std::string_view attribute)
{
    return attribute.starts_with("trusted.overlay.") || attribute.starts_with("user.overlay.") ||
           attribute.starts_with("trusted.SGI_ACL_") || attribute.starts_with("btrfs.");
}

void checkAttributes(archive_entry* entry, const std::string& path)
{
    struct Attribute {
        std::string name;
        std::string value;
    };
    std::vector<Attribute> kept;
    bool dropped = false;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t length = 0;
    archive_entry_xattr_reset(entry);
    while (archive_entry_xattr_next(entry, &name, &value, &length) == ARCHIVE_OK) {
        if (length > kLongestAttribute)
            throw Refusal(ConvertExit::Unsupported, "the archive's entry '" + printable(path) +
                                                        "' has an extended attribute larger than 64 KiB");
        if (isOfTheFileSystem(name))
            dropped = true;
        else
            kept.push_back({name, std::string(static_cast<const char*>(value), length)});
    }
    if (!dropped)
        return;
    archive_entry_xattr_clear(entry);
    for (const Attribute& attribute : kept)
        archive_entry_xattr_add_entry(entry, attribute.name.c_str(), attribute.value.data(),
                                      attribute.value.size());
}

std::string architectureOf(const unsigned char* bytes, std::size_t count)
{
    constexpr std::size_t kMachineAt = 18;
    if (count < kMachineAt + 2 || std::memcmp(bytes,
                                              "\x7f"
                                              "ELF",
                                              4) != 0)
        return {};
    switch (bytes[kMachineAt] | bytes[kMachineAt + 1] << 8) {
    case 62:
        return "x86_64";
    case 183:
        return "aarch64";
    case 243:
        return "riscv64";
    case 21:
        return "ppc64le";
    case 22:
        return "s390x";
    default:
        return {};
    }
}

bool mayTellArchitecture(std::string_view path, archive_entry* entry)
{
    if ((archive_entry_perm(entry) & S_IXUSR) == 0)
        return false;
    return path.starts_with("bin/") || path.starts_with("sbin/") || path.starts_with("usr/bin/") ||
           path.starts_with("usr/sbin/");
}

} // namespace

/// Counts the output and remembers why it stopped.
struct TreeWriter::Sink {
    std::uint64_t left = 0;
    ConvertExit exit = ConvertExit::Done;

    static la_ssize_t write(archive* self, void* data, const void* bytes, std::size_t count)
    {
        auto* sink = static_cast<Sink*>(data);
        if (count > sink->left) {
            sink->exit = ConvertExit::TooLarge;
            archive_set_error(self, EFBIG, "the archive exceeds its size limit");
            return -1;
        }
        const ssize_t some = ::write(STDOUT_FILENO, bytes, count);
        if (some <= 0) {
            sink->exit = ConvertExit::WriteFailed;
            archive_set_error(self, errno, "writing");
            return -1;
        }
        sink->left -= static_cast<std::uint64_t>(some);
        return some;
    }
};

TreeWriter::TreeWriter(std::uint64_t limitBytes, AclNames names)
    : sink_(std::make_unique<Sink>()), writer_(archive_write_new()), names_(std::move(names))
{
    constexpr int kRecord = 512 * 512;
    sink_->left = limitBytes;
    archive* writer = writer_.get();
    archive_write_add_filter_none(writer);
    archive_write_set_format_pax(writer);
    archive_write_set_options(writer, "xattrheader=SCHILY");
    archive_write_set_bytes_per_block(writer, kRecord);
    archive_write_set_bytes_in_last_block(writer, 1);
    if (archive_write_open(writer, sink_.get(), nullptr, Sink::write, nullptr) != ARCHIVE_OK)
        throw Refusal(ConvertExit::NotStarted, "the archive cannot be written");
}

TreeWriter::~TreeWriter()
{
    if (writer_)
        archive_write_fail(writer_.get()); // discard the buffered output
}

void TreeWriter::header(archive_entry* entry)
{
    ++facts_.entries;
    const int done = archive_write_header(writer_.get(), entry);
    if (done == ARCHIVE_OK)
        return;
    if (sink_->exit != ConvertExit::Done)
        throw Refusal(sink_->exit, "cannot write the archive");
    throw Refusal(ConvertExit::Unsupported, std::string("the archive's entry '") +
                                                printable(archive_entry_pathname(entry)) +
                                                "': " + archive_error_string(writer_.get()));
}

void TreeWriter::directory(const std::string& path, archive_entry* metadata)
{
    EntryPtr made(metadata != nullptr ? archive_entry_clone(metadata) : archive_entry_new());
    archive_entry* entry = made.get();
    if (metadata == nullptr) {
        archive_entry_set_mode(entry, S_IFDIR | 0755);
        archive_entry_set_mtime(entry, 0, 0);
    }
    archive_entry_set_pathname(entry, path.empty() ? "." : path.c_str());
    archive_entry_set_size(entry, 0);
    strip(entry);
    checkAttributes(entry, path);
    convertAcls(entry, path, names_);
    ++facts_.directories;
    header(entry);
    observe(path, entry);
}

void TreeWriter::content(const std::vector<const std::string*>& names, archive_entry* entry,
                         ArchiveReader& source)
{
    const std::string& first = *names.front();
    if (archive_entry_hardlink(entry) != nullptr) { // cpio stored the content with the last name
        archive_entry_set_hardlink(entry, nullptr);
        archive_entry_set_filetype(entry, AE_IFREG);
    }
    archive_entry_set_pathname(entry, first.c_str());
    strip(entry);
    checkAttributes(entry, first);
    convertAcls(entry, first, names_);
    if (archive_entry_filetype(entry) != AE_IFREG)
        archive_entry_set_size(entry, 0);
    header(entry);
    observe(first, entry);
    if (archive_entry_filetype(entry) == AE_IFREG)
        data(entry, source, first);
    for (auto other = names.begin() + 1; other != names.end(); ++other) {
        const EntryPtr link(archive_entry_new());
        archive_entry_set_mode(link.get(), archive_entry_mode(entry));
        archive_entry_set_uid(link.get(), archive_entry_uid(entry));
        archive_entry_set_gid(link.get(), archive_entry_gid(entry));
        archive_entry_set_mtime(link.get(), archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
        archive_entry_set_pathname(link.get(), (*other)->c_str());
        archive_entry_set_hardlink(link.get(), first.c_str());
        archive_entry_set_size(link.get(), 0);
        header(link.get());
    }
}

void TreeWriter::writeData(const void* bytes, std::size_t count)
{
    while (count > 0) {
        const la_ssize_t some = archive_write_data(writer_.get(), bytes, count);
        if (some <= 0)
            throw Refusal(sink_->exit == ConvertExit::Done ? ConvertExit::Corrupt : sink_->exit,
                          archive_error_string(writer_.get()) != nullptr
                              ? archive_error_string(writer_.get())
                              : "the archive's content is longer than declared");
        bytes = static_cast<const char*>(bytes) + some;
        count -= static_cast<std::size_t>(some);
    }
}

void TreeWriter::writeZeros(std::uint64_t count)
{
    static constexpr std::array<char, 65536> kZeros{};
    for (; count > 0; count -= std::min<std::uint64_t>(count, kZeros.size()))
        writeData(kZeros.data(), std::min<std::uint64_t>(count, kZeros.size()));
}

void TreeWriter::data(archive_entry* entry, ArchiveReader& source, const std::string& path)
{
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
    const bool wanted =
        path == "etc/os-release" || path == "usr/lib/os-release" || path == "etc/bm/layout.yaml";
    std::string text;
    std::uint64_t at = 0;
    const void* bytes = nullptr;
    std::size_t count = 0;
    std::int64_t offset = 0;
    while (source.readBlock(bytes, count, offset)) {
        const auto begin = static_cast<std::uint64_t>(offset);
        if (offset < 0 || begin < at || begin > size || count > size - begin)
            throw Refusal(ConvertExit::Corrupt,
                          "'" + printable(path) + "' has sparse data outside its declared size");
        writeZeros(begin - at);
        writeData(bytes, count);
        if (at == 0 && begin == 0 && facts_.architecture.empty() && mayTellArchitecture(path, entry))
            facts_.architecture = architectureOf(static_cast<const unsigned char*>(bytes), count);
        if (wanted && text.size() + count <= kLongestText)
            text.append(static_cast<const char*>(bytes), count);
        at = begin + count;
    }
    const bool sparse = archive_entry_sparse_count(entry) > 0;
    if (at != size && !sparse)
        throw Refusal(ConvertExit::Corrupt, "'" + printable(path) + "' is shorter than declared");
    writeZeros(size - at);
    facts_.contentBytes += size;
    if (path == "etc/bm/layout.yaml")
        facts_.layout = text;
    else if (wanted && (facts_.osRelease.empty() || path == "etc/os-release"))
        facts_.osRelease = text;
}

void TreeWriter::observe(const std::string& path, archive_entry* entry)
{
    const bool file = archive_entry_filetype(entry) == AE_IFREG;
    facts_.files += file ? 1 : 0;
    const std::string_view last = lastPartOf(path);
    if (file && last.starts_with("vmlinuz") && facts_.kernels.size() < kMostKernels)
        facts_.kernels.push_back(path);
    facts_.root = facts_.root || isRootFolder(path);
    facts_.grub = facts_.grub || path == "usr/sbin/grub-install" || path == "usr/sbin/grub2-install" ||
                  path == "usr/bin/grub-install";
    facts_.systemdBoot = facts_.systemdBoot || path == "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
    facts_.cloudInit = facts_.cloudInit || path == "usr/bin/cloud-init";
}

void TreeWriter::finish()
{
    if (archive_write_close(writer_.get()) != ARCHIVE_OK)
        throw Refusal(sink_->exit == ConvertExit::Done ? ConvertExit::Corrupt : sink_->exit,
                      "cannot write the end of the archive");
}

} // namespace bm::images
