#include "agent/tree/tree_record.h"

#include "agent/tree/file_places.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

std::uint64_t hashOfPath(std::string_view path)
{
    return XXH3_64bits(path.data(), path.size());
}

void append(std::string& out, std::uint64_t value)
{
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::array<std::uint64_t, 2> hashOfFacts(const EntryFacts& facts)
{
    std::string text;
    for (const std::uint64_t value :
         {std::uint64_t{facts.mode}, std::uint64_t{facts.uid}, std::uint64_t{facts.gid},
          static_cast<std::uint64_t>(facts.seconds), std::uint64_t{facts.nanoseconds}, facts.device,
          facts.size, facts.content[0], facts.content[1], std::uint64_t{facts.target.size()}})
        append(text, value);
    text += facts.target;
    for (const auto& [name, value] : facts.attributes) {
        append(text, name.size());
        text += name;
        append(text, value.size());
        text += value;
    }
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return {hash.low64, hash.high64};
}

/// Of a file's metadata and the places of its content.
std::uint64_t hashOfPlaced(EntryFacts facts, std::uint64_t places)
{
    facts.content = {places, 0};
    return hashOfFacts(facts)[0];
}

[[noreturn]] void differs(const std::string& path, const std::string& what)
{
    throw Error(ErrorCode::DiskFailed, fmt::format("/{} differs from the written entry: {}", path, what),
                "replace the disk, or check its cable and controller: bm node show");
}

} // namespace

struct ContentHash::State {
    XXH3_state_t* state = XXH3_createState();
    ~State() { XXH3_freeState(state); }
};

ContentHash::ContentHash() : state_(std::make_unique<State>())
{
    reset();
}
ContentHash::~ContentHash() = default;

void ContentHash::reset()
{
    XXH3_128bits_reset(state_->state);
}

void ContentHash::update(std::span<const std::byte> bytes)
{
    XXH3_128bits_update(state_->state, bytes.data(), bytes.size());
}

void ContentHash::zeros(std::uint64_t count)
{
    static const std::vector<std::byte> kZeros(kPieceBytes);
    for (; count > 0; count -= std::min<std::uint64_t>(count, kPieceBytes))
        update(std::span(kZeros).first(std::min<std::uint64_t>(count, kPieceBytes)));
}

std::array<std::uint64_t, 2> ContentHash::value() const
{
    const XXH128_hash_t hash = XXH3_128bits_digest(state_->state);
    return {hash.low64, hash.high64};
}

std::size_t TreeManifest::add(std::string_view path, const EntryFacts& facts)
{
    const Entry entry{hashOfPath(path), hashOfFacts(facts)};
    const std::scoped_lock lock(mutex_);
    entries_.push_back(entry);
    sorted_ = false;
    return entries_.size() - 1;
}

void TreeManifest::readBack(std::size_t entry, const EntryFacts& facts, std::uint64_t places)
{
    const std::uint64_t placed = hashOfPlaced(facts, places);
    const std::scoped_lock lock(mutex_);
    entries_.at(entry).placed = placed;
}

void TreeManifest::addLink(std::string_view path, std::string_view target)
{
    const std::scoped_lock lock(mutex_);
    links_.push_back({hashOfPath(target), hashOfPath(path)});
}

void TreeManifest::sort()
{
    if (sorted_)
        return;
    std::ranges::sort(entries_, {}, &Entry::path);
    sorted_ = true;
    for (const auto& [target, path] : links_) // a hard link has its target's metadata
        if (const Entry* found = find(target))
            entries_.push_back({path, found->facts, found->placed});
    std::ranges::sort(entries_, {}, &Entry::path);
}

TreeManifest::Entry* TreeManifest::find(std::uint64_t path)
{
    const auto found = std::ranges::lower_bound(entries_, path, {}, &Entry::path);
    return found != entries_.end() && found->path == path ? &*found : nullptr;
}

std::string TreeManifest::digest()
{
    sort();
    std::string text;
    for (const Entry& entry : entries_) {
        append(text, entry.path);
        append(text, entry.facts[0]);
        append(text, entry.facts[1]);
    }
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

/// One comparison. The tree must not change during it.
class TreeManifest::Walk {
public:
    Walk(TreeManifest& manifest, std::string root, const std::vector<std::string>& passOver,
         const std::function<void(std::uint64_t)>& onBytes, const std::stop_token& stop)
        : manifest_(manifest), root_(std::move(root)), passOver_(passOver), onBytes_(onBytes), stop_(stop),
          piece_(kPieceBytes)
    {}

    void run()
    {
        visit("", root_);
        for (const Entry& entry : manifest_.entries_)
            missing_ += entry.seen ? 0 : 1;
        if (missing_ > 0)
            throw Error(
                ErrorCode::DiskFailed,
                fmt::format("{} of {} written entries are missing", missing_, manifest_.entries_.size()),
                "replace the disk, or check its cable and controller");
        compareLinks();
    }

private:
    void visit(const std::string& path, const std::string& full)
    {
        if (stop_.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while reading back");
        struct stat status {};
        if (::lstat(full.c_str(), &status) != 0)
            differs(path, std::strerror(errno));
        compareEntry(path, full, status);
        if (S_ISDIR(status.st_mode) && std::ranges::find(passOver_, path) == passOver_.end())
            visitFolder(path, full, status);
    }

    void visitFolder(const std::string& path, const std::string& full, const struct stat& status)
    {
        const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(full.c_str()), ::closedir);
        if (!folder)
            differs(path, std::strerror(errno));
        std::vector<std::string> names;
        while (const dirent* entry = ::readdir(folder.get()))
            if (const std::string_view name = entry->d_name; name != "." && name != "..")
                names.emplace_back(name);
        const bool top = path.empty() || isOtherDevice(full, status);
        for (const std::string& name : names) {
            const std::string below = path.empty() ? name : fmt::format("{}/{}", path, name);
            if (top && name == "lost+found" && manifest_.find(hashOfPath(below)) == nullptr)
                continue; // created by mkfs
            visit(below, fmt::format("{}/{}", full, name));
        }
    }

    static bool isOtherDevice(const std::string& full, const struct stat& status)
    {
        struct stat above {};
        return ::stat((full + "/..").c_str(), &above) == 0 && above.st_dev != status.st_dev;
    }

    void compareEntry(const std::string& path, const std::string& full, const struct stat& status)
    {
        Entry* expected = manifest_.find(hashOfPath(path));
        if (expected == nullptr)
            differs(path, "it was not written");
        expected->seen = true;
        const bool linked = status.st_nlink > 1 && !S_ISDIR(status.st_mode);
        if (linked) {
            std::vector<std::uint64_t>& names = inodes_[{status.st_dev, status.st_ino}];
            names.push_back(expected->path);
            if (names.size() > 1)
                return; // compared under its first name
        }
        EntryFacts facts = factsOf(path, full, status);
        if (S_ISREG(status.st_mode)) {
            const Fd file(::open(full.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
            if (!file)
                differs(path, std::strerror(errno));
            if (wasReadBack(file.get(), facts, *expected))
                return;
            facts.content = read(path, file.get());
        }
        if (hashOfFacts(facts) != expected->facts)
            differs(path, describe(status));
    }

    static bool wasReadBack(int file, const EntryFacts& facts, const Entry& expected)
    {
        if (expected.placed == 0)
            return false;
        const std::optional<std::uint64_t> places = placesOfFile(file, facts.size);
        return places && hashOfPlaced(facts, *places) == expected.placed;
    }

    static std::string describe(const struct stat& status)
    {
        return fmt::format("mode {:o}, owner {}:{}, {} bytes, time {}.{:09}: one of these, its content or an "
                           "extended attribute differs",
                           status.st_mode, status.st_uid, status.st_gid, status.st_size,
                           status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    }

    /// All facts except the content.
    static EntryFacts factsOf(const std::string& path, const std::string& full, const struct stat& status)
    {
        EntryFacts facts;
        facts.mode = status.st_mode;
        facts.uid = status.st_uid;
        facts.gid = status.st_gid;
        facts.seconds = status.st_mtim.tv_sec;
        facts.nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
        if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
            facts.device = status.st_rdev;
        if (S_ISREG(status.st_mode))
            facts.size = static_cast<std::uint64_t>(status.st_size);
        if (S_ISLNK(status.st_mode)) {
            std::array<char, 4096> target{};
            const ssize_t length = ::readlink(full.c_str(), target.data(), target.size());
            facts.target.assign(target.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
        }
        try {
            facts.attributes = attributesOf(full);
        } catch (const std::system_error& error) {
            differs(path, error.code().message());
        }
        return facts;
    }

    std::array<std::uint64_t, 2> read(const std::string& path, int file)
    {
        hash_.reset();
        while (true) {
            const ssize_t count = ::read(file, piece_.data(), piece_.size());
            if (count < 0)
                differs(path, std::strerror(errno));
            if (count == 0)
                return hash_.value();
            hash_.update(std::span(piece_).first(static_cast<std::size_t>(count)));
            onBytes_(static_cast<std::uint64_t>(count));
            if (stop_.stop_requested())
                throw Error(ErrorCode::Aborted, "stopped while reading back");
        }
    }

    using Groups = std::set<std::vector<std::uint64_t>>;

    void compareLinks() const
    {
        std::map<std::uint64_t, std::vector<std::uint64_t>> byTarget;
        for (const auto& [target, path] : manifest_.links_) {
            std::vector<std::uint64_t>& names = byTarget[target];
            if (names.empty())
                names.push_back(target);
            names.push_back(path);
        }
        Groups expected;
        for (auto& [target, names] : byTarget) {
            std::ranges::sort(names);
            expected.insert(names);
        }
        Groups found;
        for (const auto& [inode, names] : inodes_) {
            std::vector<std::uint64_t> sorted = names;
            std::ranges::sort(sorted);
            found.insert(std::move(sorted));
        }
        if (expected != found)
            throw Error(ErrorCode::DiskFailed, "the hard links differ from the written ones",
                        "replace the disk, or check its cable and controller");
    }

    TreeManifest& manifest_;
    std::string root_;
    const std::vector<std::string>& passOver_;
    const std::function<void(std::uint64_t)>& onBytes_;
    const std::stop_token& stop_;
    std::vector<std::byte> piece_;
    ContentHash hash_;
    std::size_t missing_ = 0;
    std::map<std::pair<dev_t, ino_t>, std::vector<std::uint64_t>> inodes_;
};

void TreeManifest::compare(const std::string& root, const std::vector<std::string>& passOver,
                           const std::function<void(std::uint64_t)>& onBytes, const std::stop_token& stop)
{
    sort();
    Walk(*this, root, passOver, onBytes, stop).run();
}

} // namespace bm::agent
