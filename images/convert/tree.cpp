#include "images/convert/tree.h"

#include "images/convert/archive_reader.h"
#include "images/convert/refusal.h"
#include "images/convert/tree_layers.h"
#include "images/convert/tree_path.h"
#include "images/convert/tree_writer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <new>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_set>

namespace bm::images {
namespace {

constexpr std::size_t kLongestDocument = std::size_t{1} << 20U;
constexpr std::size_t kMostDocuments = 4096;
#if defined(__x86_64__)
constexpr const char* kArchitecture = "amd64";
#else
constexpr const char* kArchitecture = "arm64";
#endif

std::string tail(std::size_t count)
{
    struct stat status {};
    if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode))
        throw Refusal(ConvertExit::NotStarted, "the archive is not a regular file");
    const std::size_t length = std::min(count, static_cast<std::size_t>(status.st_size));
    std::string text(length, '\0');
    if (::pread(STDIN_FILENO, text.data(), length, status.st_size - static_cast<off_t>(length)) !=
        static_cast<ssize_t>(length))
        throw Refusal(ConvertExit::Corrupt, "the archive cannot be read");
    return text;
}

/// Requires the archive's end marker, because a cut between two entries looks like an end.
void checkEnd(const ArchiveReader& reader)
{
    constexpr std::size_t kTwoBlocks = 1024;
    constexpr std::size_t kZipTail = std::size_t{66} * 1024;
    if (reader.isCompressed())
        return; // the compression format has a checksum and an end marker
    if (reader.format() == ARCHIVE_FORMAT_TAR &&
        tail(kTwoBlocks).find_first_not_of('\0') != std::string::npos)
        throw Refusal(ConvertExit::Corrupt, "the archive is truncated: a tar ends with two empty blocks");
    if (reader.format() == ARCHIVE_FORMAT_ZIP && tail(kZipTail).find("PK\5\6") == std::string::npos)
        throw Refusal(ConvertExit::Corrupt, "the archive is truncated: a zip ends with its directory");
}

const char* nameOf(int format)
{
    if (format == ARCHIVE_FORMAT_CPIO)
        return "cpio";
    return format == ARCHIVE_FORMAT_ZIP ? "zip" : "tar";
}

bool mayBeDocument(const std::string& path, archive_entry* entry)
{
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_size(entry) > la_int64_t{kLongestDocument})
        return false;
    return path == "index.json" || path == "manifest.json" || path == "oci-layout" ||
           path.starts_with("blobs/sha256/");
}

/// One conversion: what its two passes share.
class Conversion {
public:
    explicit Conversion(const TreeLimits& limits) : index_(limits), limits_(limits) {}

    void run()
    {
        readOuter();
        if (layers_.empty())
            layers_.push_back({});
        else
            indexLayers();
        index_.finish();
        write();
    }

    nlohmann::json description() const
    {
        const TreeFacts& facts = facts_;
        nlohmann::json out{{"entries", facts.entries},
                           {"files", facts.files},
                           {"directories", facts.directories},
                           {"content_bytes", facts.contentBytes},
                           {"kernels", facts.kernels},
                           {"root", facts.root},
                           {"grub", facts.grub},
                           {"systemd_boot", facts.systemdBoot},
                           {"cloud_init", facts.cloudInit}};
        out["format"] = format_;
        out["layers"] = layered_ ? layers_.size() : 0;
        if (!facts.architecture.empty())
            out["architecture"] = facts.architecture;
        if (!facts.osRelease.empty())
            out["os_release"] = facts.osRelease;
        if (!facts.layout.empty())
            out["layout"] = facts.layout;
        if (index_.skippedSockets() > 0)
            out["skipped_sockets"] = index_.skippedSockets();
        if (!index_.replacedLinks().empty())
            out["replaced_links"] = index_.replacedLinks();
        return out;
    }

private:
    /// Indexes the archive as a tree and detects layers.
    void readOuter()
    {
        ArchiveReader outer = ArchiveReader::ofFile(STDIN_FILENO);
        bool mayHoldLayers = true;
        index_.beginLayer(false);
        Documents documents;
        while (archive_entry* entry = outer.next()) {
            index_.add(entry);
            const std::string path = cleanPath(archive_entry_pathname(entry));
            mayHoldLayers = mayHoldLayers && !isRootFolder(path.substr(0, path.find('/')));
            if (mayHoldLayers)
                recordDocument(documents, path, entry, outer);
            recordNames(path, entry, outer);
        }
        checkEnd(outer);
        format_ = nameOf(outer.format());
        if (index_.names().empty())
            throw Refusal(ConvertExit::Corrupt, "the archive is empty");
        if (mayHoldLayers)
            layers_ = layersOf(documents, kArchitecture);
        if (layers_.empty())
            return;
        layered_ = true;
        format_ = documents.contains("oci-layout") ? "oci" : "docker";
        if (outer.isCompressed())
            throw Refusal(ConvertExit::NeedsPlain, "layers in a compressed archive");
    }

    /// Reads the user and group names from the topmost layer that has them.
    void recordNames(const std::string& path, archive_entry* entry, ArchiveReader& reader)
    {
        const bool users = path == "etc/passwd";
        if ((!users && path != "etc/group") || archive_entry_filetype(entry) != AE_IFREG ||
            archive_entry_size(entry) > la_int64_t{kLongestDocument})
            return;
        (users ? names_.users : names_.groups) = AclNames::read(reader.readAll(kLongestDocument));
    }

    void recordDocument(Documents& documents, const std::string& path, archive_entry* entry,
                        ArchiveReader& outer)
    {
        if (const char* link = archive_entry_hardlink(entry)) {
            aliases_[path] = cleanPath(link);
            return;
        }
        if (archive_entry_filetype(entry) == AE_IFLNK) { // docker: a link "../ID/layer.tar" replaces a copy
            const std::string target = archive_entry_symlink(entry);
            if (target.starts_with("../"))
                aliases_[path] = target.substr(3);
        }
        if (!mayBeDocument(path, entry) || documents.size() >= kMostDocuments)
            return;
        std::string text = outer.readAll(kLongestDocument);
        if (!text.empty() && (text.front() == '{' || text.front() == '['))
            documents[path] = std::move(text);
    }

    /// Calls @p each with a reader for every layer, lowest first, and then compares the layer's digest.
    template <class Each> void forEachLayer(Each each)
    {
        for (std::uint32_t number = 0; number < layers_.size(); ++number) {
            Layer layer = layers_[number];
            if (const auto alias = aliases_.find(layer.path); alias != aliases_.end())
                layer.path = alias->second;
            ArchiveReader outer = ArchiveReader::ofFile(STDIN_FILENO);
            seek(outer, layer.path);
            ArchiveReader inner = ArchiveReader::ofEntry(outer);
            each(number, inner);
            if (const std::string found = inner.finishDigest();
                !layer.sha256.empty() && found != layer.sha256)
                throw Refusal(ConvertExit::Corrupt, "layer " + std::to_string(number + 1) + " has SHA-256 " +
                                                        found + ", but its name says " + layer.sha256);
        }
    }

    static void seek(ArchiveReader& outer, const std::string& path)
    {
        while (archive_entry* entry = outer.next())
            if (archive_entry_filetype(entry) == AE_IFREG && cleanPath(archive_entry_pathname(entry)) == path)
                return;
        throw Refusal(ConvertExit::Corrupt, "the layer " + printable(path) + " is not in the archive");
    }

    void indexLayers()
    {
        index_ = TreeIndex(limits_);
        forEachLayer([this](std::uint32_t, ArchiveReader& inner) {
            index_.beginLayer(true);
            while (archive_entry* entry = inner.next()) {
                index_.add(entry);
                recordNames(cleanPath(archive_entry_pathname(entry)), entry, inner);
            }
        });
    }

    void write()
    {
        TreeWriter writer(limits_.bytes, names_);
        ensureDirectory("", writer);
        if (layered_) {
            forEachLayer([&](std::uint32_t number, ArchiveReader& inner) { copy(number, inner, writer); });
        } else {
            ArchiveReader again = ArchiveReader::ofFile(STDIN_FILENO);
            copy(0, again, writer);
        }
        for (const auto& [path, name] : index_.names())
            if (name.directory)
                ensureDirectory(path, writer);
        writer.finish();
        facts_ = writer.facts();
    }

    void copy(std::uint32_t layer, ArchiveReader& reader, TreeWriter& writer)
    {
        std::uint32_t ordinal = 0;
        while (archive_entry* entry = reader.next())
            if (const auto& names = index_.namesOf(layer, ++ordinal); !names.empty()) {
                for (const std::string* name : names)
                    ensureDirectory(parentOf(*name), writer);
                writer.content(names, entry, reader);
            }
    }

    /// Writes a folder shortly before its first entry: GNU tar restores its times that way.
    void ensureDirectory(std::string_view path, TreeWriter& writer)
    {
        if (!written_.insert(path).second)
            return;
        if (!path.empty())
            ensureDirectory(parentOf(path), writer);
        const auto found = index_.names().find(path);
        writer.directory(std::string(path),
                         found == index_.names().end() ? nullptr : found->second.metadata.get());
    }

    TreeIndex index_;
    TreeLimits limits_;
    std::vector<Layer> layers_;
    std::map<std::string, std::string> aliases_;
    std::unordered_set<std::string_view> written_; ///< views of the index's names
    bool layered_ = false;
    std::string format_;
    AclNames names_;
    TreeFacts facts_;
};

bool writeDescription(const std::string& file, const nlohmann::json& description)
{
    const std::string text = description.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const int fd = ::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0)
        ::close(fd);
    return written;
}

} // namespace

ConvertExit convertTree(const TreeLimits& limits, const std::string& describeFile)
try {
    Conversion conversion(limits);
    conversion.run();
    return writeDescription(describeFile, conversion.description()) ? ConvertExit::Done
                                                                    : ConvertExit::WriteFailed;
} catch (const Refusal& refusal) {
    std::fprintf(stderr, "%s\n", refusal.what());
    return refusal.exit();
} catch (const std::bad_alloc&) {
    std::fputs("the archive needs too much memory: too many entries\n", stderr);
    return ConvertExit::TooLarge;
}

} // namespace bm::images
